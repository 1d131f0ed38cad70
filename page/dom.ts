/** Makes the elements of the page: text is always text, never HTML. */

type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;
export type Child = Node | string | null | readonly Child[];

const SVG = 'http://www.w3.org/2000/svg';

/** Makes an HTML element. */
export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  return filled(document.createElement(name), attributes, children);
}

/** Makes an SVG element. */
export function svgEl<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Name] {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled<Made extends Element>(
  element: Made,
  attributes: Attributes,
  children: readonly Child[],
): Made {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, String(value));
  }
  element.append(...flat(children));
  return element;
}

function flat(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child) =>
    child === null ? [] : Array.isArray(child) ? flat(child) : [child as Node | string],
  );
}

/** Puts other children in the place of those that an element has. */
export function refill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...flat(children));
}

/** A variable with its indices: z_12(1), ∂Div/∂w_1j(2). */
const VARIABLE = /([A-Za-zΣΠ]+)_([\w,]+)(\([\d.]+\))?|([a-zA-Z])(\([\d.]+\))/g;

/** Writes a formula, with indices below and layers above. */
export function math(text: string): Node[] {
  const nodes: Node[] = [];
  let end = 0;
  for (const { 0: all, 1: letter, 2: index, 3: layer, 4: vector, 5: of, index: begin } of text.matchAll(
    VARIABLE,
  )) {
    nodes.push(document.createTextNode(text.slice(end, begin)));
    if (vector === undefined && /^(y|z|x|w|d|Σ|Π)$/.test(letter)) {
      nodes.push(document.createTextNode(letter), el('sub', {}, index));
      if (layer) nodes.push(el('sup', {}, layer));
    } else if (vector !== undefined && /^[wzy]$/.test(vector)) {
      nodes.push(document.createTextNode(vector), el('sup', {}, of));
    } else nodes.push(document.createTextNode(all));
    end = begin + all.length;
  }
  nodes.push(document.createTextNode(text.slice(end)));
  return nodes;
}

/** Writes a number of some digits, which carries all of them. */
export function number(value: number, written = digits(value)): HTMLElement {
  return el('data', { value: String(value), title: String(value) }, written);
}

/** Writes six significant digits: 0.0821670, -1.2e-7. */
export function digits(value: number, significant = 6): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const text =
    size < 1e-4 || size >= 1e6
      ? value.toExponential(significant - 2)
      : String(Number(value.toPrecision(significant)));
  return text.replace('-', '−').replace('e-', 'e−').replace('e+', 'e');
}

/** Writes three digits, for drawings. */
export const fewDigits = (value: number): string => digits(value, 3);
