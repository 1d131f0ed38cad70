/** The lecture on one network: a drawing, and below it a step, the paths of a number, or a small change. */
import { createEngine, type Engine } from '#src/explain/engine.js';
import type { PageData } from '#src/explain/pagedata.js';
import type { PathSum } from '#src/explain/paths.js';
import type { Changeable, Marks } from '#src/explain/steps.js';
import { changePanel, consequenceOf } from './change.js';
import { changeAt, exampleOf, groups, POSITIONS, positionOf } from './choices.js';
import { type PanelName, panelChoice, playerButtons, scrollBox, section, slider } from './controls.js';
import { type Child, digits, el, math, refill } from './dom.js';
import { NetworkDrawing, type PageView } from './drawing.js';
import { known, lookOf, NOTHING, startOf } from './looks.js';
import { pathMarks, pathsOf, pathsPanel } from './paths.js';
import { keyAt, onPointed, onSwiped } from './pointing.js';
import { stepPanel, stepTable } from './steps.js';
import { wholeVectors } from './wholes.js';

export class Lesson {
  #view: PageView;
  #drawing: NetworkDrawing;
  #step = 0;
  #panel: PanelName = 'steps';
  #changed: Changeable | undefined;
  #path: number | null = null;
  #position = 10;
  readonly #engine: Engine | null;
  readonly #wholes: ReturnType<typeof wholeVectors> | null;

  readonly #figure = scrollBox('the network', 'network-scroll');
  readonly #slider = slider('step', 0, 0);
  readonly #where = el('output', { class: 'where' });
  readonly #content = el('div', { class: 'panel', 'aria-live': 'polite' });
  readonly #controls = el('div', { class: 'controls' });
  readonly #table = el('div');
  readonly #left = el('ul', { class: 'notes' });
  readonly #numbers = el('select', { 'aria-label': 'number' });
  readonly #amount = slider('size of the change', -POSITIONS, POSITIONS);
  readonly #exact = el('input', { type: 'number', step: 'any', 'aria-label': 'Δ' });

  constructor(
    private readonly data: PageData,
    place: HTMLElement,
  ) {
    this.#engine = data.engine && createEngine(data.engine);
    this.#wholes = data.vectors.length > 0 ? wholeVectors(data) : null;
    this.#view = data.views[0];
    this.#drawing = new NetworkDrawing(this.#view, this.#direction());
    refill(place, this.#frame());
    this.#listen();
    this.#open(0);
  }

  #frame(): Child {
    const views = this.data.views.map(({ name }, index) => el('option', { value: index }, name));
    const view = el('select', { 'aria-label': 'drawing' }, views);
    view.addEventListener('change', () => this.#open(Number(view.value)));
    const wholes = this.#wholes && section('wholes', 'The layers as a whole', this.#wholes.element);
    return [
      section(
        'play',
        'Forward and back',
        views.length > 1 ? el('p', { class: 'choose' }, el('label', {}, 'Drawing: ', view)) : null,
        this.#figure,
        el(
          'p',
          { class: 'legend muted' },
          'Circles add up, boxes apply an activation, 1 is where a bias comes from. A blue edge raises its end, a red one lowers it. Below a symbol: its value, and ∂Div by it.',
        ),
        panelChoice((panel) => this.#turn(panel)),
        this.#controls,
        this.#content,
      ),
      wholes,
      section('all', 'All steps', el('details', {}, el('summary', {}, 'as a table'), this.#table)),
      section('left', 'What this page holds', this.#left),
    ];
  }

  #direction(): 'right' | 'down' {
    const { right, down } = this.#view.layouts;
    const room = document.documentElement.clientWidth - 32;
    return right.width > 1.5 * room && down.width < right.width ? 'down' : 'right';
  }

  /** Opens a view at its first step. */
  #open(index: number): void {
    this.#view = this.data.views[index];
    this.#changed = exampleOf(this.#view);
    this.#path = null;
    this.#step = 0;
    this.#draw();
    refill(this.#numbers, groups(this.#view.changeable));
    refill(this.#table, stepTable(this.#view));
    const left = [...this.#view.left, ...this.data.left];
    const everything = 'Everything: each number of both passes, and all weights.';
    refill(
      this.#left,
      (left.length > 0 ? left : [everything]).map((line) => el('li', {}, line)),
    );
    this.#turn(this.#panel);
  }

  #draw(): void {
    this.#drawing = new NetworkDrawing(this.#view, this.#direction());
    refill(this.#figure, this.#drawing.svg);
  }

  /** Shows another panel. */
  #turn(panel: PanelName): void {
    this.#panel = panel;
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=panel]'))
      radio.checked = radio.value === panel;
    refill(this.#controls, panel === 'steps' ? this.#player() : this.#chooser(panel === 'change'));
    this.#show();
  }

  #player(): Child {
    const last = this.#view.steps.length - 1;
    this.#slider.max = String(last);
    const buttons = playerButtons({
      first: () => this.#go(0),
      stageBack: () => this.#goStage(-1),
      back: () => this.#go(this.#step - 1),
      next: () => this.#go(this.#step + 1),
      stageNext: () => this.#goStage(1),
      last: () => this.#go(last),
    });
    return [buttons, this.#slider, this.#where];
  }

  /** Offers the numbers of the drawing, and where it is asked for the size of a change. */
  #chooser(change: boolean): Child {
    if (this.#changed) this.#numbers.value = this.#changed.key;
    return [
      el('label', { class: 'choose' }, 'Number: ', this.#numbers),
      change ? el('label', { class: 'choose amount' }, 'Δ ', this.#amount, this.#exact) : null,
      el(
        'p',
        { class: 'hint muted' },
        change
          ? 'Or drag an input or an edge of the drawing up and down.'
          : 'Or click an edge of the drawing.',
      ),
    ];
  }

  #go(step: number): void {
    this.#step = Math.max(0, Math.min(this.#view.steps.length - 1, step));
    if (this.#panel !== 'steps') this.#turn('steps');
    else this.#show();
  }

  #goStage(by: 1 | -1): void {
    const { steps } = this.#view;
    const { stage } = steps[this.#step];
    const begin = steps.findIndex((step) => step.stage === stage);
    const next = steps.findIndex((step) => step.stage === stage + by);
    if (by < 0 && this.#step > begin) this.#go(begin);
    else this.#go(next >= 0 ? next : by > 0 ? steps.length - 1 : 0);
  }

  #show(): void {
    if (this.#panel === 'steps') this.#showStep();
    else if (this.#panel === 'paths') this.#showPaths();
    else this.#showChange();
  }

  #showStep(): void {
    const { steps, stages } = this.#view;
    const step = steps[this.#step];
    this.#slider.value = String(this.#step);
    this.#slider.setAttribute('aria-valuetext', `step ${this.#step + 1} of ${steps.length}: ${step.name}`);
    this.#where.textContent = `step ${this.#step + 1} of ${steps.length}`;
    this.#drawing.show({
      nodes: (node) => known(this.#view, node, this.#step),
      reads: step.reads,
      writes: step.writes,
      edges: () => null,
    });
    refill(this.#content, stepPanel(this.#view, this.#step));
    this.#wholes?.mark(stages[step.stage].name);
    this.#scrollTo(step.writes);
  }

  #scrollTo(marks: Marks): void {
    const place = this.#drawing.placeOf(marks);
    if (!place) return;
    const scale = this.#drawing.svg.clientWidth / this.#view.layouts[this.#drawing.direction].width;
    const left = place[0] * scale - this.#figure.clientWidth / 2;
    const top = place[1] * scale - this.#figure.clientHeight / 2;
    this.#figure.scrollTo({ left, top, behavior: 'auto' });
  }

  #showPaths(): void {
    const changed = this.#changed;
    if (!changed) return;
    const found: PathSum = pathsOf(this.#view, changed);
    const paths = this.#path === null ? found.paths : [found.paths[this.#path]];
    const marks = pathMarks(changed, paths);
    this.#drawing.show({
      nodes: (node) => known(this.#view, node, Number.POSITIVE_INFINITY),
      reads: marks,
      writes: startOf(changed),
      edges: () => null,
    });
    refill(
      this.#content,
      el('h3', {}, math(`From ${changed.name} to Div`)),
      pathsPanel(found, this.#path, (path) => {
        this.#path = path === this.#path ? null : path;
        this.#show();
        this.#content.querySelector<HTMLElement>(`[data-path="${path}"]`)?.focus();
      }),
    );
  }

  #showChange(): void {
    const changed = this.#changed;
    if (!changed || !this.#engine?.knows(changed.place)) {
      this.#drawing.show({ ...NOTHING, nodes: (node) => known(this.#view, node, Number.POSITIVE_INFINITY) });
      refill(this.#content, el('p', {}, 'The page does not hold the weights behind this number.'));
      return;
    }
    const step = changeAt(changed.value, this.#position);
    this.#amount.value = String(this.#position);
    this.#amount.setAttribute('aria-valuetext', `Δ = ${digits(step, 3)}`);
    if (document.activeElement !== this.#exact) this.#exact.value = String(Number(step.toPrecision(4)));
    const consequence = consequenceOf(this.#view, this.#engine, changed, step);
    this.#drawing.show({ ...lookOf(this.#view, consequence), writes: startOf(changed) });
    refill(
      this.#content,
      el('h3', {}, math(`${changed.name} becomes ${digits(changed.value + step)}`)),
      changePanel(this.#view, changed, consequence),
    );
  }

  #choose(key: string | undefined): void {
    const found = this.#view.changeable.find((one) => one.key === key);
    if (!found) return;
    this.#changed = found;
    this.#path = null;
    if (this.#panel === 'steps') this.#turn('paths');
    else {
      this.#numbers.value = found.key;
      this.#show(); // the controls stay, and with them the focus
    }
  }

  #listen(): void {
    this.#slider.addEventListener('input', () => this.#go(Number(this.#slider.value)));
    this.#numbers.addEventListener('change', () => this.#choose(this.#numbers.value));
    this.#amount.addEventListener('input', () => {
      this.#position = Number(this.#amount.value);
      this.#show();
    });
    this.#exact.addEventListener('input', () => {
      this.#position = positionOf(this.#changed?.value ?? 0, Number(this.#exact.value) || 0);
      this.#show();
    });
    document.addEventListener('keydown', (event) => this.#key(event));
    this.#listenToPointers();
    let { clientWidth } = document.documentElement;
    addEventListener('resize', () => {
      if (clientWidth === document.documentElement.clientWidth) return;
      ({ clientWidth } = document.documentElement);
      this.#draw();
      this.#show();
    });
  }

  #listenToPointers(): void {
    onPointed(this.#figure, {
      at: (target) => keyAt(target, this.#view),
      choose: (key) => {
        if (this.#changed?.key !== key || this.#panel === 'steps') this.#choose(key);
      },
      drag: (by, begins) => {
        if (begins) this.#turn('change');
        this.#position = Math.max(-POSITIONS, Math.min(POSITIONS, by / 2));
        this.#show();
      },
    });
    onSwiped(this.#content, (by) => {
      if (this.#panel === 'steps') this.#go(this.#step + by);
    });
  }

  #key(event: KeyboardEvent): void {
    const { target, shiftKey, key } = event;
    const own =
      target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target !== this.#slider);
    const by = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
    if (own || by === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (shiftKey) this.#goStage(by);
    else this.#go(this.#step + by);
  }
}
