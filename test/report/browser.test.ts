/** The pages of reports as a browser shows them: nothing sticks out, nothing is fetched. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawPicture } from '#src/report/picture/picture.js';
import { makeReport } from '#src/report/report.js';
import { findBrowser } from '../support/browser.js';
import {
  benchFile,
  classRun,
  folder,
  imageRun,
  planeRun,
  removeFolder,
  smallSweep,
  valueRun,
} from './subjects.js';

const executablePath = findBrowser();
if (executablePath === null) console.log('no Chromium on the PATH: reports are not tested in a browser');

const SUBJECTS = {
  classes: () => classRun('classes'),
  values: () => valueRun('values'),
  images: () => imageRun('pictures'),
  plane: () => planeRun('planes'),
  sweep: () => smallSweep('sweep'),
  bench: async () => benchFile('bench.json'),
} as const;
const names = Object.keys(SUBJECTS) as (keyof typeof SUBJECTS)[];

const OPEN_ALL = `[...document.querySelectorAll('details')].map((details) => (details.open = true)).length`;

/** What sticks out of the page or of a chart, and images that cannot be drawn; run in the browser. */
const FAULTS = `(() => {
  const right = document.documentElement.clientWidth;
  const outside = [...document.querySelectorAll('body *')].filter(
    (element) =>
      !element.parentElement.closest('.scroll, svg') && element.getBoundingClientRect().right > right + 1,
  );
  const broken = [...document.images].filter(({ naturalWidth }) => naturalWidth === 0);
  const cut = [...document.querySelectorAll('svg.chart')].filter((svg) => {
    const box = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('text')].some((text) => {
      const inner = text.getBoundingClientRect();
      return inner.width > 0 && (inner.left < box.left - 2 || inner.right > box.right + 2);
    });
  });
  return {
    width: document.documentElement.scrollWidth,
    outside: outside.map((element) => element.outerHTML.slice(0, 80)),
    broken: broken.length,
    cut: cut.map((svg) => svg.getAttribute('aria-label')),
  };
})()`;

describe.skipIf(executablePath === null)('a report in a browser', () => {
  let browser: Browser;
  const file = (name: string) => join(folder, `${name}.html`);
  beforeAll(async () => {
    for (const name of names) writeFileSync(file(name), (await makeReport(await SUBJECTS[name]())).html);
    writeFileSync(file('picture'), drawPicture(join(folder, 'planes'), 'html'));
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    removeFolder();
  });

  /** Opens a page with its details open, and returns the addresses that it asked for. */
  async function opened(name: string, page: Page): Promise<string[]> {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(file(name)).href);
    await page.evaluate(OPEN_ALL);
    return asked.filter((address) => !address.startsWith('data:'));
  }

  it.each(names)('of %s fits 1280 and 400 pixels without scripts, and asks for nothing', async (name) => {
    for (const width of [1280, 400]) {
      const viewport = { width, height: 900 };
      const context = await browser.newContext({ viewport, javaScriptEnabled: false });
      const page = await context.newPage();
      expect(await opened(name, page)).toEqual([pathToFileURL(file(name)).href]);
      const found = await page.evaluate(FAULTS);
      expect(found).toEqual({ width, outside: [], broken: 0, cut: [] });
      await context.close();
    }
  });

  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

  /** Pages with all kinds of elements; the colours of all are those of one style sheet. */
  const looks = [
    ['classes', 'dark'],
    ['sweep', 'light'],
    ['picture', 'dark'],
  ] as const;

  it.each(looks)('of %s has no serious fault that axe finds, %s', async (name, colorScheme) => {
    const viewport = { width: 1280, height: 900 };
    const context = await browser.newContext({ viewport, colorScheme, bypassCSP: true });
    const page = await context.newPage();
    await page.goto(pathToFileURL(file(name)).href);
    await page.evaluate(axe);
    const { violations } = (await page.evaluate(`axe.run({ exclude: ['svg.chart *'] })`)) as AxeResults;
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => [id, nodes[0].html.slice(0, 200)])).toEqual([]);
    await context.close();
  });

  it('a picture has a slider, and shows all frames where scripts do not run', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const context = await browser.newContext({ viewport: { width: 400, height: 900 }, javaScriptEnabled });
      const page = await context.newPage();
      expect(await opened('picture', page)).toEqual([pathToFileURL(file('picture')).href]);
      expect(await page.evaluate(FAULTS)).toMatchObject({ width: 400, outside: [] });
      const shown = () => page.locator('figure:visible figcaption').allTextContents();
      const all = await page.locator('figcaption').allTextContents();
      expect(all).toEqual([
        'before training',
        'epoch 1',
        'epoch 2',
        'epoch 4',
        expect.stringMatching(/kept$/),
      ]);
      expect(await shown()).toEqual(javaScriptEnabled ? all.slice(-1) : all);
      expect(await page.locator('input').isVisible()).toBe(javaScriptEnabled);
      if (javaScriptEnabled) {
        await page.locator('input').focus();
        await page.keyboard.press('Home');
        await page.keyboard.press('ArrowRight');
        expect(await shown()).toEqual(['epoch 1']);
      }
      await context.close();
    }
  });
});
