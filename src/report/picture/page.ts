/** A page with the frames of a picture: a slider goes through them, and without scripts all are shown. */
import { COLOUR, DARK_COLOUR, darkRules } from '../../bench/plot/theme.js';
import type { Picture } from '../../run/picture/file.js';
import { Html, html } from '../html.js';
import { documentText } from '../page.js';
import { frameSvg, frameTitle, missingText, swatch } from './frames.js';

const colours = ({ ground, text, muted, grid, blue }: Readonly<Record<keyof typeof COLOUR, string>>) =>
  `--ground:${ground};--text:${text};--muted:${muted};--line:${grid};--accent:${blue}`;

const STYLE = `
:root{color-scheme:light dark;${colours(COLOUR)}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1120px;padding:20px 16px 32px;background:var(--ground);color:var(--text);font:16px/1.5 ui-sans-serif,system-ui,'Segoe UI',Helvetica,Arial,sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
p{margin:0 0 10px;color:var(--muted);overflow-wrap:anywhere}
ul{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:0 0 12px;padding:0}
li svg{width:12px;height:12px;margin-right:6px}
.frames{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,210px),1fr));gap:16px}
figure{margin:0}
figcaption{color:var(--muted);font-size:.9rem;font-variant-numeric:tabular-nums}
.frames svg{display:block;width:100%;height:auto}
.controls{display:none;gap:12px;align-items:center;margin:0 0 12px;max-width:600px}
.controls input{flex:1;min-width:0;height:32px;accent-color:var(--accent)}
button{font:inherit;min-width:5.5em;padding:6px 14px;border:1px solid var(--muted);border-radius:6px;background:var(--ground);color:var(--text);cursor:pointer}
button:focus-visible,input:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.one .controls{display:flex}
.one .frames{display:block;max-width:600px}
.one figure{display:none}
.one figure.shown{display:block}
.one figcaption{font-size:1rem;color:var(--text)}
@media (prefers-color-scheme:dark){
:root{${colours(DARK_COLOUR)}}
${darkRules()}
}
@media print{.one .controls{display:none}.one .frames{display:grid;max-width:none}.one figure{display:block}}
`;

/** Shows one frame at a time; the arrow keys move the slider, as in any page. */
const SCRIPT = `
const frames = [...document.querySelectorAll('figure')];
const slider = document.querySelector('input');
const play = document.querySelector('button');
let timer = null;
const show = (at) => {
  slider.value = at;
  slider.setAttribute('aria-valuetext', frames[at].querySelector('figcaption').textContent);
  frames.forEach((frame, i) => frame.classList.toggle('shown', i === at));
};
const stop = () => { clearInterval(timer); timer = null; play.textContent = 'Play'; };
play.addEventListener('click', () => {
  if (timer !== null) return stop();
  play.textContent = 'Stop';
  show(0);
  timer = setInterval(() => {
    if (Number(slider.value) === frames.length - 1) return stop();
    show(Number(slider.value) + 1);
  }, 700);
});
slider.addEventListener('input', () => { if (timer !== null) stop(); show(Number(slider.value)); });
document.body.classList.add('one');
show(frames.length - 1);
`;

/** Returns the page. It loads nothing; its only script moves the slider. */
export function picturePage(picture: Picture, title: string): string {
  const { plane, frames } = picture;
  const controls =
    frames.length > 1 &&
    html`<div class="controls"><button type="button">Play</button><input type="range" min="0" max="${frames.length - 1}" step="1" value="${frames.length - 1}" aria-label="Epoch"></div>`;
  const body = html`<main>
<h1>${title}</h1>
<p>${plane.inputs[0]} to the right, ${plane.inputs[1]} upwards. ${missingText(picture)}</p>
${legendList(picture)}
${controls}
<div class="frames">
${frames.map(
  (frame, i) =>
    html`<figure><figcaption>${frameTitle(frame)}</figcaption>${frameSvg(frame, plane, 'rows', i === 0)}</figure>
`,
)}</div>
</main>
${controls && new Html(`<script>${SCRIPT}</script>`)}
`;
  return documentText({ title, style: STYLE, body, code: controls ? SCRIPT : undefined });
}

function legendList({ plane: { classes, target, range } }: Picture): Html {
  if (classes === null) {
    const [low, high] = (range ?? [0, 1]).map((value) => Number(value.toPrecision(3)));
    return html`<p>${target}: the stronger the blue, the larger, from ${low} to ${high}; a point has the colour of its own number.</p>`;
  }
  const marks = classes.map((name, c) => html`<li>${swatch(c)}${name}</li>`);
  return html`<ul>${marks}</ul>`;
}
