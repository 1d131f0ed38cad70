/**
 * What a program can be handed or must hand in, it can name: the public types are complete and documented.
 */
import { describe, expect, it } from 'vitest';
import { type Declaration, exportsOf, reachableFrom } from './declarations.js';

/** Types that a user passes on unread, or of which a public type picks single fields. */
const INTERNAL: Readonly<Record<string, string>> = {
  Layer: 'a Subject carries the built layers to explain and gradcheckNetwork',
  Alter: "gradcheck's own tests put wrong layers in with it",
  Divergence: 'an Explanation picks its formulas',
  LayerCatalogue: 'LayerSpec is derived from it',
  TypedKind: 'LayerSpec is derived from it',
  Branch: 'LayerSpec is derived from it',
  NamedPoint: 'a ComparedPoint says which of its fields was measured',
};

const exported = exportsOf('dist/src/index.d.ts');
const isType = ({ keyword }: Declaration) => keyword === 'interface' || keyword === 'type';
const isInternal = ({ name }: Declaration) => name in INTERNAL;
/** A private alias only abbreviates: what it stands for is reached through it. */
const isAbbreviation = ({ keyword, isPrivate }: Declaration) => keyword === 'type' && isPrivate;

describe('index.ts', () => {
  it('exports every type that its exports lead to', () => {
    const known = new Set(exported.values());
    const forgotten = [...reachableFrom(exported.values(), isInternal)]
      .filter(([found]) => isType(found) && !known.has(found) && !isInternal(found) && !isAbbreviation(found))
      .map(([{ name, file }, path]) => `${name} (${file}), by way of ${path.join(' -> ')}`);
    expect(forgotten).toEqual([]);
  });

  it('is walked far: a type three steps away is found', () => {
    const [, path] = [...reachableFrom([exported.get('loadModel')!], isInternal)].find(
      ([{ name }]) => name === 'KeptColumn',
    )!;
    expect(path).toEqual(['loadModel', 'Model', 'Predictions', 'KeptColumn']);
  });

  it.each(Object.entries(INTERNAL))('leaves out %s, which it does lead to: %s', (name) => {
    const reached = [...reachableFrom(exported.values(), isInternal).keys()].map((found) => found.name);
    expect(reached).toContain(name);
    expect([...exported.values()].map((found) => found.name)).not.toContain(name);
  });

  it('has a docstring that stands alone for each export', () => {
    const bare = [...exported].filter(([, { docstring }]) => !/^[A-Z`'][\s\S]*[.:]/.test(docstring));
    const names = bare.map(([name]) => name);
    expect(names).toEqual([]);
  });

  it('has an example for each function and class', () => {
    const values = [...exported].filter(([, declaration]) => !isType(declaration));
    const names = values.filter(([, { examples }]) => examples.length === 0).map(([name]) => name);
    expect(names).toEqual([]);
  });
});
