/**
 * Reads the declarations that tsc wrote, as far as is needed to ask which types an export leads to.
 * TypeScript 7 has no stable API for this; its output is regular enough to be taken apart line by line.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One exported or private declaration of a module. */
export interface Declaration {
  readonly file: string;
  readonly name: string;
  readonly keyword: string;
  /** Whether the module keeps it to itself. */
  readonly isPrivate: boolean;
  /** The docstring without its comment marks; empty where there is none. */
  readonly docstring: string;
  /** The declaration itself, without comments and strings. */
  readonly text: string;
  /** Code of the examples in its docstring and in those of its members. */
  readonly examples: readonly string[];
}

interface Module {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Names from other modules, by their name here; '*' names are in `stars`. */
  readonly imports: ReadonlyMap<string, Reference>;
  /** Names that the module hands on, by the name that it gives them. */
  readonly reexports: ReadonlyMap<string, Reference>;
  /** Modules of which everything is handed on. */
  readonly stars: readonly string[];
}

interface Reference {
  readonly file: string;
  readonly name: string;
}

const START =
  /^(?:export )?(?:declare )?(?:abstract )?(interface|type|class|function|const|enum) ([A-Za-z_$][\w$]*)/;
const modules = new Map<string, Module>();

function moduleOf(file: string): Module {
  const known = modules.get(file);
  if (known) return known;
  const found = readModule(file, readFileSync(file, 'utf8'));
  modules.set(file, found);
  return found;
}

function readModule(file: string, text: string): Module {
  const bare = withoutComments(text);
  const target = (specifier: string) => join(dirname(file), specifier.replace(/\.js$/, '.d.ts'));
  const imports = new Map<string, Reference>();
  const reexports = new Map<string, Reference>();
  for (const [, keyword, names, specifier] of bare.matchAll(
    /^(import|export)(?: type)? \{([^}]*)\} from '(\.[^']+)';$/gm,
  )) {
    for (const entry of names.split(',').map((name) => name.trim().replace(/^type /, ''))) {
      if (entry === '') continue;
      const [name, alias = name] = entry.split(' as ');
      (keyword === 'import' ? imports : reexports).set(alias, { file: target(specifier), name });
    }
  }
  const stars = [...bare.matchAll(/^export (?:type )?\* from '(\.[^']+)';$/gm)].map(([, specifier]) =>
    target(specifier),
  );
  return { declarations: declarationsOf(file, text), imports, reexports, stars };
}

/** Splits a file at the lines at which a declaration begins; overloads of a name are one declaration. */
function declarationsOf(file: string, text: string): Map<string, Declaration> {
  const declarations = new Map<string, Declaration>();
  for (const [, comment = '', body] of text.matchAll(
    /^(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?((?:export |declare |interface |type )[^\n]*(?:\n(?!\/\*\*|export |declare |interface |type |import )[^\n]*)*)/gm,
  )) {
    const start = START.exec(body);
    if (!start) continue;
    const [, keyword, name] = start;
    const bare = withoutComments(body).replace(/'[^'\n]*'|"[^"\n]*"/g, (string) =>
      string.startsWith('"./') || string.startsWith('"../') ? string : "''",
    );
    const before = declarations.get(name);
    declarations.set(name, {
      file,
      name,
      keyword,
      isPrivate: !body.startsWith('export '),
      docstring: before?.docstring || docstringOf(comment),
      text: `${before?.text ?? ''}${bare}`,
      examples: [...(before?.examples ?? []), ...examplesIn(comment), ...examplesIn(body)],
    });
  }
  return declarations;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function examplesIn(text: string): string[] {
  const comments = text.match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  return comments.flatMap((comment) => {
    const lines = comment.replace(/^ *\* ?/gm, '');
    return [...lines.matchAll(/@example\n```js\n([\s\S]*?)```/g)].map(([, code]) => code);
  });
}

function docstringOf(comment: string): string {
  return comment
    .replace(/^\/\*\*\s?|\s*\*\/\n$/g, '')
    .replace(/^ \* ?/gm, '')
    .trim();
}

/** Returns the declaration behind a name of a module, wherever the module has it from. */
function resolve({ file, name }: Reference): Declaration | null {
  const { declarations, imports, reexports, stars } = moduleOf(file);
  const here = declarations.get(name);
  if (here) return here;
  const elsewhere = imports.get(name) ?? reexports.get(name);
  if (elsewhere) return resolve(elsewhere);
  for (const star of stars) {
    const found = resolve({ file: star, name });
    if (found) return found;
  }
  return null;
}

/** Returns everything that a module exports, by its public name. */
export function exportsOf(file: string): Map<string, Declaration> {
  const { reexports, stars } = moduleOf(file);
  const found = new Map<string, Declaration>();
  for (const [alias, reference] of reexports) {
    const declaration = resolve(reference);
    if (!declaration) throw new Error(`${file}: ${alias} is exported but declared nowhere`);
    found.set(alias, declaration);
  }
  for (const star of stars) {
    for (const [name, declaration] of exportsOf(star)) found.set(name, declaration);
    for (const [name, declaration] of moduleOf(star).declarations) found.set(name, declaration);
  }
  return found;
}

/** Returns the declarations that a declaration names, except those of which it asks for the keys alone. */
function namedBy({ file, text }: Declaration): Declaration[] {
  const asked = text.replace(/\bkeyof typeof [\w$]+/g, '');
  const local = new Set(asked.match(/\b[A-Z][\w$]*|(?<=\btypeof )[\w$]+/g));
  const references = [
    ...[...local].map((name) => ({ file, name })),
    ...[...asked.matchAll(/import\("(\.[^"]+)"\)\.([\w$]+)/g)].map(([, specifier, name]) => ({
      file: join(dirname(file), specifier.replace(/\.js$/, '.d.ts')),
      name,
    })),
  ];
  return references.flatMap((reference) => resolve(reference) ?? []);
}

/**
 * Returns every declaration that can be reached from the given ones, with the names on the way to it. The
 * walk does not go beyond a declaration at which it ends.
 */
export function reachableFrom(
  starts: Iterable<Declaration>,
  endsAt: (declaration: Declaration) => boolean,
): Map<Declaration, readonly string[]> {
  const reached = new Map<Declaration, readonly string[]>();
  const queue = [...starts];
  for (const start of queue) reached.set(start, [start.name]);
  for (const declaration of queue) {
    if (endsAt(declaration)) continue;
    for (const next of namedBy(declaration)) {
      if (reached.has(next)) continue;
      reached.set(next, [...(reached.get(declaration) ?? []), next.name]);
      queue.push(next);
    }
  }
  return reached;
}
