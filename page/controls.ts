/** The frame of the lesson's parts, and its buttons. */
import { type Child, el } from './dom.js';

/** What is shown below the drawing. */
const PANELS = { steps: 'Step by step', paths: 'Paths', change: 'A small change' } as const;
export type PanelName = keyof typeof PANELS;

/** The buttons of the player: what each is called and how it looks. */
const BUTTONS = {
  first: ['first step', '|←'],
  stageBack: ['stage before (Shift ←)', '«'],
  back: ['step before (←)', '←'],
  next: ['next step (→)', '→'],
  stageNext: ['next stage (Shift →)', '»'],
  last: ['last step', '→|'],
} as const;

export const section = (id: string, title: string, ...content: Child[]): HTMLElement =>
  el('section', { 'aria-labelledby': id }, el('h2', { id }, title), content);

/** Makes a box that scrolls where what it holds is larger, also by keyboard. */
export const scrollBox = (label: string, kind = '', ...content: Child[]): HTMLElement =>
  el('div', { class: `scroll ${kind}`.trim(), role: 'group', tabindex: 0, 'aria-label': label }, content);

export const slider = (label: string, min: number, max: number): HTMLInputElement =>
  el('input', { type: 'range', min, max, step: 1, 'aria-label': label });

/** Offers the panels as radio buttons. */
export function panelChoice(choose: (panel: PanelName) => void): HTMLElement {
  const panels = Object.entries(PANELS).map(([panel, name]) => {
    const id = `panel-${panel}`;
    const radio = el('input', { type: 'radio', name: 'panel', value: panel, id, checked: panel === 'steps' });
    radio.addEventListener('change', () => choose(panel as PanelName));
    return el('span', {}, radio, el('label', { for: id }, name));
  });
  return el('fieldset', { class: 'panels' }, el('legend', {}, 'Below the drawing'), panels);
}

/** Makes the buttons of the player. */
export function playerButtons(acts: Readonly<Record<keyof typeof BUTTONS, () => void>>): HTMLElement {
  const buttons = Object.entries(BUTTONS).map(([name, [label, sign]]) => {
    const button = el('button', { type: 'button', 'aria-label': label, title: label }, sign);
    button.addEventListener('click', acts[name as keyof typeof BUTTONS]);
    return button;
  });
  return el('div', { class: 'buttons' }, buttons);
}
