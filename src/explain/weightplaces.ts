/** Finds the weight w_ij of a lecture's layer among all parameters. */
import type { Played } from './board.js';
import { lectureLayers } from './names.js';

type Network = Pick<Played, 'subject' | 'instance'>;

/** Where a weight lies: its array among the layout's views, its index there, and its place in the block. */
interface WeightPlace {
  readonly view: number;
  readonly index: number;
  readonly offset: number;
}

/** Returns the place of w_ij of the layer with this index; null for the bias of a layer without any. */
export function weightPlace(
  { subject, instance: { layout } }: Network,
  layer: number,
  i: number,
  j: number,
): WeightPlace | null {
  const { affineIndex } = lectureLayers(subject.layers)[layer];
  const array = `${affineIndex}.${i === 0 ? 'bias' : 'weight'}`;
  const view = layout.views.findIndex(({ name }) => name === array);
  if (view < 0) return null;
  const index = i === 0 ? j - 1 : (i - 1) * subject.layers[affineIndex!].outputs + j - 1;
  return { view, index, offset: layout.views[view].offset + index };
}

/** Returns the derivative of sum j of a layer by its input i; 0 where there is no bias. */
export function edgeWeight(network: Network, layer: number, i: number, j: number): number {
  const { subject, instance } = network;
  const { inputs, argument } = subject.layers[lectureLayers(subject.layers)[layer].affineIndex!];
  const place = weightPlace(network, layer, i, j);
  const scaling = i > 0 && argument?.ntk === true ? 1 / Math.sqrt(inputs) : 1;
  return place === null ? 0 : scaling * instance.parameters[place.offset];
}
