import type { LayerRow } from '../../src/network/table.js';
import type { PlanReport } from '../../src/run/planreport.js';
import { bytes, count, countOf, facts, table } from './text.js';

function layersText(layers: readonly LayerRow[]): string {
  return table(
    ['layer', 'inputs', 'outputs', 'parameters', 'flops/row'],
    layers.map(({ kind, inputs, outputs, parameters, flops }) => [kind, inputs, outputs, parameters, flops]),
  );
}

/** Writes what a training would do: its data, network, memory and steps. */
export function planText(plan: PlanReport): string {
  const { dataset, rows, classes, config, layers, budget, stepsPerEpoch, epochs } = plan;
  const target = classes ? countOf(classes.length, 'class', 'classes') : 'values';
  const summary = facts([
    [
      'data',
      `${dataset}: ${count(rows.train)} training, ${count(rows.val)} validation, ${count(rows.test)} test rows`,
    ],
    ['task', `${plan.task}: ${target}`],
    ['network', `${plan.widths}, ${countOf(plan.parameters, 'parameter')}, loss ${plan.network.loss}`],
    [
      'steps',
      `${count(stepsPerEpoch)} an epoch, ${count(stepsPerEpoch * epochs)} in all (batch ${config.batch}, ${countOf(config.shards, 'shard')})`,
    ],
    ['kernels', plan.kernels],
  ]);
  const memory = table(
    ['memory', ''],
    Object.entries(budget).map(([name, size]) => [name, bytes(size)]),
  );
  return [summary, layersText(layers), memory, plan.notes.join('\n')].filter(Boolean).join('\n\n');
}
