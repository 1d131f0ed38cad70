/** The page of `explain --html` in a browser: its numbers are those of --json, and nothing is fetched. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Explanation, explain } from '#src/explain/explain.js';
import { openSubject, type Subject } from '#src/explain/subject.js';
import { explanationPage } from '#src/report/lecture.js';
import { BRANCHES, LARGE, SPECIAL } from '../explain/pagenetworks.js';
import { findBrowser } from '../support/browser.js';

const executablePath = findBrowser();
const folder = mkdtempSync(join(tmpdir(), 'gradpool-lecture-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A name that would do harm in a page that believed it. */
const HOSTILE = '</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e';

async function subjectOf(name: string): Promise<Subject> {
  if (name === 'lecture') return openSubject({ path: 'examples/lecture-2-2-2.yaml' });
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify({ branches: BRANCHES, special: SPECIAL, large: LARGE }[name]));
  return openSubject({ path });
}

const NAMES = ['lecture', 'branches', 'special', 'large'] as const;
type Name = (typeof NAMES)[number];
const file = (name: string) => join(folder, `${name}.html`);

/** What is cut off or sticks out of the page; run in the browser. */
const FAULTS = `(() => {
  const right = document.documentElement.clientWidth;
  const outside = [...document.querySelectorAll('body *')].filter(
    (element) => !element.parentElement.closest('.scroll, svg') && element.getBoundingClientRect().right > right + 1,
  );
  const { width, height } = document.querySelector('svg.network').viewBox.baseVal;
  const cut = [...document.querySelectorAll('svg.network text')].filter((text) => {
    const svg = text.ownerSVGElement;
    const [inner, outer] = [text.getBoundingClientRect(), svg.getBoundingClientRect()];
    return inner.width > 0 && (inner.left < outer.left - 2 || inner.right > outer.right + 2 || inner.bottom > outer.bottom + 2);
  });
  return { outside: outside.map((element) => element.outerHTML.slice(0, 80)), cut: cut.map((text) => text.textContent) };
})()`;

/** The numbers of a step as the page shows them: those put in, the result, and the difference quotient. */
const SHOWN = `[...document.querySelectorAll('.panel .numbers data, .panel .result data')].map(({ value }) => Number(value))`;

/** Steps through all of a view by the keyboard alone and returns what each step shows. */
const PLAYED = (count: number) => `Array.from({ length: ${count} }, (_, i) => {
  if (i > 0) document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
  return { name: document.querySelector('#step-name').textContent, numbers: ${SHOWN} };
})`;

describe('a page of the lecture', () => {
  it('believes no name, and has less than 1 MB', async () => {
    const subject = await subjectOf('lecture');
    const page = await explanationPage(
      { ...subject, classes: [HOSTILE] },
      explain({ ...subject, classes: [HOSTILE] }, { steps: true }),
      HOSTILE,
    );
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page).not.toContain('<img');
    expect(Buffer.byteLength(page)).toBeLessThan(1e6);
  });
});

describe.skipIf(executablePath === null)('a page of the lecture in a browser', () => {
  let browser: Browser;
  const explanations = new Map<Name, Explanation>();
  const violations: string[] = [];

  beforeAll(async () => {
    for (const name of NAMES) {
      const subject = await subjectOf(name);
      const explanation = explain(subject, { steps: true });
      // what --json prints
      explanations.set(name, JSON.parse(JSON.stringify(explanation)));
      writeFileSync(file(name), await explanationPage(subject, explanation, name));
    }
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
  });

  async function opened(name: Name, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(file(name)).href && !request.url().startsWith('data:'))
        violations.push(`asked for ${request.url()}`);
    });
    page.on('console', (message) => violations.push(message.text()));
    page.on('pageerror', (error) => violations.push(error.message));
    await page.goto(pathToFileURL(file(name)).href);
    return page;
  }

  it.each(NAMES)('shows at every step the numbers of --json: %s', async (name) => {
    const page = await opened(name);
    const { views } = explanations.get(name)!;
    for (const [index, { steps }] of views.slice(0, 2).entries()) {
      if (index > 0) await page.selectOption('select[aria-label=drawing]', String(index));
      const shown = (await page.evaluate(PLAYED(steps.length))) as { name: string; numbers: number[] }[];
      expect(shown.map((one) => one.name)).toEqual(steps.map((step) => step.name.replaceAll('_', '')));
      expect(shown.map(({ numbers }) => numbers)).toEqual(
        steps.map(({ terms, result, check }) => [
          ...terms.slice(0, 12).flatMap((term) => term.map(({ value }) => value)),
          result,
          ...(check ? [check.numeric] : []),
        ]),
      );
    }
    await page.context().close();
  });

  it.each(NAMES)('fits 1280 and 400 pixels: %s', async (name) => {
    const page = await opened(name);
    for (const width of [1280, 400]) {
      await page.setViewportSize({ width, height: 800 });
      for (const panel of ['steps', 'paths', 'change']) {
        await page.check(`#panel-${panel}`);
        expect(await page.evaluate(FAULTS), `${width} ${panel}`).toEqual({ outside: [], cut: [] });
      }
    }
    await page.context().close();
  });

  it('predicts a change that is made by the keyboard alone, and says what happens', async () => {
    const page = await opened('lecture');
    await page.focus('#panel-steps');
    for (const _ of ['paths', 'change']) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Tab'); // the number
    await page.keyboard.press('w');
    await page.selectOption('select[aria-label=number]', 'w[1][1,1]');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab'); // its change
    await page.keyboard.press('Control+A');
    await page.keyboard.type('0.001');
    const values = (await page.evaluate(
      `[...document.querySelectorAll('.headlines data')].map(({ value }) => Number(value))`,
    )) as number[];
    expect(values[0]).toBeCloseTo(4.38568e-7, 12);
    expect(values[1]).toBeCloseTo(4.38566e-7, 12);
    const branches = await page.evaluate(
      `[...document.querySelectorAll('.paths data')].map(({ value }) => 1000 * value)`,
    );
    const [first, second] = branches as number[];
    expect(first).toBeCloseTo(0.0006684, 8);
    expect(second).toBeCloseTo(-0.00022983, 8);
    await page.context().close();
  });

  it('follows a weight that is clicked, and changes it where it is dragged', async () => {
    const page = await opened('lecture');
    const box = (await page.locator('.grip').first().boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    expect(await page.textContent('.panel h3')).toBe('From w11(1) to Div');
    expect(await page.locator('.paths li').count()).toBe(2);
    await page.mouse.move(x, y - 100, { steps: 4 });
    await page.mouse.up();
    expect(await page.textContent('.panel h3')).toBe('w11(1) becomes 0.4');
    await page.context().close();
  });

  it('can be reached by the keyboard: a Tab for every control', async () => {
    const page = await opened('large');
    const reached = new Set<string>();
    for (let i = 0; i < 24; i++) {
      await page.keyboard.press('Tab');
      reached.add(
        (await page.evaluate(
          `document.activeElement.getAttribute('aria-label') ?? document.activeElement.id ?? ''`,
        )) as string,
      );
    }
    const controls = [
      'drawing',
      'the network',
      'panel-steps',
      'first step',
      'next step (→)',
      'next stage (Shift →)',
      'step',
    ];
    expect(controls.filter((control) => !reached.has(control))).toEqual([]);
    await page.context().close();
  });

  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

  it.each([
    ['lecture', 'light', ['paths', 'change']],
    ['large', 'dark', ['steps']],
  ] as const)('has no serious fault that axe finds: %s, %s', async (name, colorScheme, panels) => {
    const page = await opened(name, { colorScheme, bypassCSP: true });
    await page.evaluate(axe);
    for (const panel of panels) {
      await page.check(`#panel-${panel}`);
      const run = `axe.run({ exclude: ['svg *'] }, { resultTypes: ['violations'] })`;
      const { violations: found } = (await page.evaluate(run)) as AxeResults;
      const serious = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(
        serious.map(({ id, nodes }) => [id, nodes[0].html.slice(0, 200)]),
        panel,
      ).toEqual([]);
    }
    await page.context().close();
  });

  it('asks for nothing and breaks no rule of its own policy', () => {
    expect(violations).toEqual([]);
    for (const name of NAMES) expect(statSync(file(name)).size, name).toBeLessThan(1e6);
  });
});
