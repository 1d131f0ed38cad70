/** Parses YAML and JSON that may come from anybody, within limits of size, depth and aliases. */
import { type Document, Lexer, type LineCounter, parseDocument } from 'yaml';
import { DataError } from './errors.js';

/** Most bytes of a text in YAML: a configuration has a few thousand, a sweep's axes seldom more. */
const MOST_YAML = 2 ** 20;
/** Most levels of nesting. The parser calls itself for each. */
const DEEPEST = 50;
/** Most colons in a text and in a line: the parser compares each key with all before it. */
const MOST_KEYS = { text: 5000, line: 500 } as const;
/** Most anchors that are repeated: a few lines of them can stand for billions of values. */
const MOST_ALIASES = 100;

/**
 * Parses a text in YAML, of which JSON is a part, and returns it with its places. Throws DataError, which
 * begins with `where`, for a text beyond the limits; other mistakes stand in the document's errors.
 */
export function yamlDocument(text: string, where: string, lineCounter?: LineCounter): Document.Parsed {
  const fault = excessOf(text);
  if (fault !== null) throw new DataError(`${where}: ${fault}`);
  return parseDocument(text, {
    prettyErrors: false,
    logLevel: 'silent',
    ...(lineCounter && { lineCounter }),
  });
}

/** Returns the value that a document stands for. Throws DataError for aliases that stand for too much. */
export function yamlValue(document: Document.Parsed, where: string): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    JSON.stringify(value); // an alias within its own anchor makes a value that has no end
    return value;
  } catch (error) {
    const [line] = (error as Error).message.split('\n');
    throw new DataError(`${where}: ${line.replace(/ indicates .*/, '')}; write out what is repeated`);
  }
}

/** Returns the value of a text in YAML. Throws DataError, which begins with `where`, if it is none. */
export function parseYaml(text: string, where: string): unknown {
  const document = yamlDocument(text, where);
  const [error] = document.errors;
  if (error) throw new DataError(`${where}: ${error.message.split('\n')[0]}`);
  return yamlValue(document, where);
}

/** Says what a text has too much of to be parsed; null if nothing. */
function excessOf(text: string): string | null {
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_YAML) return `the text has ${bytes} bytes; at most ${MOST_YAML} are read`;
  let keys = 0;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const here = line.split(/[:?]/, MOST_KEYS.text + 2).length - 1;
    keys += here;
    if (here > MOST_KEYS.line)
      return `a line has more than ${MOST_KEYS.line} keys; write it in several lines`;
    if (keys > MOST_KEYS.text) return `more than ${MOST_KEYS.text} keys; leave some out`;
  }
  return isDeep(text) ? `nested more than ${DEEPEST} levels deep; write it flatter` : null;
}

/** Whether brackets, or dashes and indents, nest deeper than any configuration does. */
function isDeep(text: string): boolean {
  const indents = text.matchAll(/^[ \t]*(?:[-?][ \t]+)*/gm);
  for (const [indent] of indents) if (indent.length > 2 * DEEPEST) return true;
  if (text.split(/[[{]/, DEEPEST + 2).length <= DEEPEST + 1) return false; // too few brackets to nest as deep
  let open = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') open++;
    else if (token === ']' || token === '}') open--;
    if (open > DEEPEST) return true;
  }
  return false;
}
