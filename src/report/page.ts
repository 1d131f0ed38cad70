/** The frame of a page: one file that loads nothing, and runs nothing but a program of its own. */
import { createHash } from 'node:crypto';
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
  /** What makes a page one that acts; without it, nothing runs. */
  readonly script?: PageScript;
}

/** A program that stands in the page, with the data that it reads. */
interface PageScript {
  readonly code: string;
  /** Stands in the page as JSON in the element `data`. */
  readonly data: unknown;
  /** Styles beside those of all pages. */
  readonly style: string;
  /** The id of the element that the program fills. */
  readonly place: string;
}

/**
 * Forbids everything but styles in the page, images in it, and one program by its digest: no request leaves
 * the page, and no other script runs.
 */
const policy = (code: string | undefined): string => {
  const scripts = code === undefined ? '' : ` script-src 'sha256-${digestOf(code)}';`;
  return `default-src 'none'; style-src 'unsafe-inline';${scripts} img-src data:; base-uri 'none'; form-action 'none'`;
};

const digestOf = (code: string): string => createHash('sha256').update(code).digest('base64');

/** What a document of HTML consists of. */
interface Document {
  readonly title: string;
  readonly style: string;
  readonly body: Html;
  /** Its only program; it stands at the end of `body`. */
  readonly code: string | undefined;
}

/** Writes a document that loads nothing, and runs nothing but its own program. */
export const documentText = ({ title, style, body, code }: Document): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy(code))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="gradpool ${VERSION}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
${body}</body>
</html>
`.text;

/** Writes a page. */
export function pageText({ title, lead, status, notes, sections, footer, script }: Page): string {
  const body = html`<header>
<h1>${title}</h1>
<p class="lead">${lead}</p>
</header>
${sections.length > 0 && html`<nav aria-label="Sections"><ul>${sections.map((section) => html`<li><a href="#${section.id}">${section.title}</a></li>`)}</ul></nav>`}
<main>
${status && html`<p class="status${status.bad && ' bad'}">${status.text}</p>`}
${noteList(notes)}
${sections.map(sectionHtml)}${script && html`<div id="${script.place}"><noscript>This page shows its numbers by a script, which this browser does not run.</noscript></div>`}
</main>
<footer>${footer}</footer>
${script && scriptHtml(script)}`;
  return documentText({ title, style: STYLE + (script?.style ?? ''), body, code: script?.code });
}

/** Writes data so that no text in them can end the element that they stand in, and the program. */
function scriptHtml({ code, data }: PageScript): Html {
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return new Html(`<script type="application/json" id="data">${json}</script>\n<script>${code}</script>\n`);
}

const sectionHtml = ({ id, title, body }: PageSection): Html =>
  html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${body}
</section>
`;
