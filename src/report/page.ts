/** The frame of a report: one file that loads nothing and runs nothing. */
import { VERSION } from '../version.js';
import { noteList, type PageSection } from './elements.js';
import { type Content, Html, html } from './html.js';
import { STYLE } from './style.js';

/** What stands on a page. */
export interface Page {
  readonly title: string;
  /** One line below the title. */
  readonly lead: string;
  /** What a reader must know before the sections: that a run goes on, or why it failed. */
  readonly status: { readonly text: string; readonly bad: boolean } | null;
  /** What was passed over or could not be read, one plain line each. */
  readonly notes: readonly string[];
  readonly sections: readonly PageSection[];
  /** Stands at the end, such as when and of what the page was made. */
  readonly footer: Content;
}

/** Forbids everything but styles in the page and images in it: no request leaves it, no script runs. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** Writes a page. */
export function pageText({ title, lead, status, notes, sections, footer }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="gradpool ${VERSION}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="lead">${lead}</p>
</header>
<nav aria-label="Sections"><ul>${sections.map((section) => html`<li><a href="#${section.id}">${section.title}</a></li>`)}</ul></nav>
<main>
${status && html`<p class="status${status.bad && ' bad'}">${status.text}</p>`}
${noteList(notes)}
${sections.map(sectionHtml)}
</main>
<footer>${footer}</footer>
</body>
</html>
`.text;
}

const sectionHtml = ({ id, title, body }: PageSection): Html =>
  html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${body}
</section>
`;
