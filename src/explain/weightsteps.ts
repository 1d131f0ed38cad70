/** The steps that compute the derivatives of Div by the weights of a layer. */
import type { Board, Played } from './board.js';
import type { Edge } from './influence.js';
import type { Variable } from './names.js';
import { byName, type Ends, NO_MARKS, type Unplaced } from './steps.js';
import type { Derivative } from './trace.js';

/**
 * Writes one step for each weight, in the order w_01, w_11, w_21, w_02, …; `first` returns the edges by which
 * a parameter that is no edge begins to act.
 */
export function weightSteps(
  board: Board,
  { instance: { layout } }: Pick<Played, 'instance'>,
  weights: readonly Derivative[],
  first: (variable: Variable) => readonly Edge[],
): Unplaced[] {
  const edgeOf = ({ variable: { place } }: Derivative): Ends | null =>
    place.kind === 'parameter' ? board.edgeAt(layout.views[place.view].name, place.index) : null;
  const order = (weight: Derivative): readonly [number, number] => {
    const edge = edgeOf(weight);
    return edge ? [edge[1], board.index(edge[0])] : [0, 0];
  };
  return weights
    .toSorted((a, b) => order(a)[0] - order(b)[0] || order(a)[1] - order(b)[1])
    .map((weight) => {
      const { derivative, verdict, numeric, error, kink, variable } = weight;
      const edge = edgeOf(weight);
      return {
        ...(edge ? onEdge(board, edge) : onUnits(board, variable, first(variable))),
        result: derivative,
        check: { verdict, numeric, error, kink },
        of: null,
        notes: [],
      };
    });
}

type Product = Pick<Unplaced, 'name' | 'formula' | 'terms' | 'reads' | 'writes'>;

/** A weight of a combination: the value at its beginning times the derivative at its end. */
function onEdge(board: Board, edge: Ends): Product {
  const [from, to] = edge;
  const scaling = board.scaling(from, to);
  const scaled = scaling === 1 ? [] : [{ name: '1/√K', value: scaling }];
  return {
    name: byName(board.weightName(from, to)),
    formula: `${scaling === 1 ? '' : '1/√K·'}${board.node(from).name}·${byName(board.node(to).name)}`,
    terms: [[...scaled, board.value(from), board.derivative(to)]],
    reads: { values: [from], derivatives: [to], edges: [] },
    writes: { ...NO_MARKS, edges: [edge] },
  };
}

/** Any other parameter: the sum over the units that it acts on. */
function onUnits(board: Board, { name }: Variable, first: readonly Edge[]): Product {
  return {
    name: byName(name),
    formula: `Σ_j ∂y_j/∂${name}·∂Div/∂y_j`,
    terms: first.map(({ to, derivative }) => [
      { name: `∂${board.node(to).name}/∂${name}`, value: derivative },
      board.derivative(to),
    ]),
    reads: { ...NO_MARKS, derivatives: first.map(({ to }) => to) },
    writes: NO_MARKS,
  };
}
