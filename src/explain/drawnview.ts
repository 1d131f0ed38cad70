/** Plays the lecture on a network that is small enough to be drawn unit by unit. */
import { Board, type Played, splitName, wholeDrawing } from './board.js';
import { firstEdges, type PlacedInfluence } from './influence.js';
import { parameterVariable, type Variable } from './names.js';
import { playedOn } from './playing.js';
import type { Changeable, View } from './steps.js';

/** Makes the view of a whole network: every node, and the weights whose derivatives were compared. */
export function drawnView(played: Played, placed: PlacedInfluence): View {
  const { trace, instance } = played;
  const board = new Board(wholeDrawing(placed), played.checker);
  const compared = trace.layers.flatMap(({ weights }) => weights);
  return {
    ...playedOn(board, played, {
      outputs: board.into(placed.graph.end).map(({ from }) => from),
      weightsOf: (path) =>
        compared.filter(({ variable }) => splitName(arrayOf(variable, instance))[0] === path),
      others: null,
      first: (variable) => firstEdges(instance, placed, variable),
    }),
    name: 'the whole network',
    changeable: changeableIn(played, board, placed),
    left: [],
  };
}

function arrayOf({ place }: Variable, { layout }: Played['instance']): string {
  return place.kind === 'parameter' ? layout.views[place.view].name : '';
}

/** Lists the inputs and all learned parameters. */
function changeableIn(
  played: Pick<Played, 'subject' | 'instance' | 'checker'>,
  board: Board,
  placed: PlacedInfluence,
): Changeable[] {
  const { subject, instance } = played;
  // A category's code is an index, which cannot change a little.
  const inputs = subject.layers[0].readsCodes ? [] : placed.graph.inputs;
  const learned = instance.layout.views.filter(({ spec }) => spec.statistic === undefined);
  return [
    ...inputs.map(
      (node, input): Changeable => ({
        name: board.node(node).name,
        key: `x${input + 1}`,
        value: board.node(node).value,
        derivative: board.checked(node).result,
        at: { node },
        first: [[node, 1]],
        place: { input },
      }),
    ),
    ...learned.flatMap(({ name, length }) =>
      Array.from({ length }, (_, index) => parameterIn(played, board, placed, name, index)),
    ),
  ];
}

function parameterIn(
  { subject, instance, checker }: Pick<Played, 'subject' | 'instance' | 'checker'>,
  board: Board,
  placed: PlacedInfluence,
  array: string,
  index: number,
): Changeable {
  const { layout, parameters } = instance;
  const view = layout.views.findIndex(({ name }) => name === array);
  const variable = parameterVariable(subject.layers, layout, view, index);
  const { offset } = layout.views[view];
  const edge = board.edgeAt(array, index);
  return {
    name: edge ? board.weightName(...edge) : variable.name,
    key: variable.key,
    value: parameters[offset + index],
    derivative: checker.gradient[offset + index],
    at: edge && { edge },
    first: edge
      ? [[edge[1], board.node(edge[0]).value * board.scaling(...edge)]]
      : firstEdges(instance, placed, variable).map(({ to, derivative }) => [to, derivative]),
    place: { parameter: { array, index } },
  };
}
