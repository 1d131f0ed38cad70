/** Follows a mouse, a pen or a finger. */
import type { Changeable } from '#src/explain/steps.js';
import { edgeKey, type PageView } from './drawing.js';

/** Pixels that a finger must move to the side to make a step, and up or down to begin a change. */
const [SWIPE, DRAG] = [40, 6];

/** What is done where something is pointed at. */
interface Pointed {
  /** Returns the key of what is pointed at. */
  at(target: Element): string | undefined;
  choose(key: string): void;
  /** Moved up by so many pixels since the drag began. */
  drag(by: number, begins: boolean): void;
}

/** A click chooses; moving up or down drags what was chosen. */
export function onPointed(place: HTMLElement, { at, choose, drag }: Pointed): void {
  let begin: { y: number; moved: boolean } | null = null;
  place.addEventListener('pointerdown', ({ target, clientY }) => {
    const key = at(target as Element);
    if (key === undefined) return;
    choose(key);
    begin = { y: clientY, moved: false };
  });
  addEventListener('pointermove', ({ clientY }) => {
    if (!begin || (!begin.moved && Math.abs(begin.y - clientY) < DRAG)) return;
    drag(begin.y - clientY, !begin.moved);
    begin.moved = true;
  });
  for (const end of ['pointerup', 'pointercancel']) {
    addEventListener(end, () => {
      begin = null;
    });
  }
}

/** A finger that moves to the left makes a step forward, to the right one back. */
export function onSwiped(place: HTMLElement, go: (by: 1 | -1) => void): void {
  let begin: { x: number; y: number } | null = null;
  const start = ({ touches: [touch] }: TouchEvent) => {
    begin = { x: touch.clientX, y: touch.clientY };
  };
  place.addEventListener('touchstart', start, { passive: true });
  place.addEventListener('touchend', ({ changedTouches: [touch] }) => {
    if (!begin) return;
    const [x, y] = [touch.clientX - begin.x, touch.clientY - begin.y];
    begin = null;
    if (Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) go(x < 0 ? 1 : -1);
  });
}

/** Returns the key of the number that was pointed at. */
export function keyAt(target: Element, { changeable }: PageView): string | undefined {
  const edge = target.closest('[data-edge]')?.getAttribute('data-edge');
  const node = target.closest('[data-node]')?.getAttribute('data-node');
  const isIt = ({ at }: Changeable) =>
    at !== null && ('node' in at ? String(at.node) === node : edgeKey(at.edge) === edge);
  return edge || node ? changeable.find(isIt)?.key : undefined;
}
