import { defineCommand } from '../command.js';
import { json, print } from '../render/output.js';
import { table } from '../render/text.js';

export const schemaCommand = defineCommand({
  usage: 'schema [name]',
  describe: 'print the JSON Schema of a file or of what --json prints; without a name, list them',
  positionals: { name: 'a format, such as config, run, metrics, sweep or trials' },
  flags: { json: { describe: 'print the list as one JSON document', boolean: true } },
  examples: [
    ['gradpool schema', 'every format and where it is found'],
    ['gradpool schema config > config.schema.json', 'for an editor that checks and completes config.yaml'],
  ],
  async run(args) {
    const { FORMAT_NAMES, FORMATS, formatName, jsonSchemaOf } = await import(
      '../../src/experiment/schemas.js'
    );
    if (args.name !== undefined) {
      json(jsonSchemaOf(formatName(args.name)));
      return 0;
    }
    const formats = FORMAT_NAMES.map((name) => {
      const { title, where, format } = FORMATS[name];
      return { name, version: format.version, title, where };
    });
    if (args.json) json(formats);
    else print(table(['name', 'version', 'what it is'], formats.map(row)));
    return 0;
  },
});

const row = ({ name, version, title }: { name: string; version: number; title: string }) => [
  name,
  String(version),
  title,
];
