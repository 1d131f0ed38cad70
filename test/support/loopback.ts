/** Ranks that live in one process and hand each other copies of their bytes. */
import { type Piece, Ranks, type Transport } from '#src/ranks/ranks.js';

/** Bytes on their way from one rank to another, in order, or those who wait for them. */
interface Line {
  readonly sent: Uint8Array[];
  readonly waiting: ((bytes: Uint8Array) => void)[];
}

/** Returns ranks that have met. */
export function loopback(size: number, hostOf: (rank: number) => string = () => 'here'): Promise<Ranks[]> {
  const lines = new Map<string, Line>();
  const line = (from: number, to: number): Line => {
    const name = `${from} to ${to}`;
    const found = lines.get(name) ?? { sent: [], waiting: [] };
    lines.set(name, found);
    return found;
  };
  const transport = (rank: number): Transport => ({
    rank,
    size,
    async transfer(sends: readonly Piece[], receives: readonly Piece[]) {
      for (const piece of sends) {
        const { sent, waiting } = line(rank, piece.rank);
        const bytes = piece.bytes.slice();
        const receiver = waiting.shift();
        if (receiver) receiver(bytes);
        else sent.push(bytes);
      }
      await Promise.all(
        receives.map(async (piece) => {
          const { sent, waiting } = line(piece.rank, rank);
          const bytes = sent.shift() ?? (await new Promise<Uint8Array>((take) => waiting.push(take)));
          if (bytes.length !== piece.bytes.length) throw new Error('sent and received lengths differ');
          piece.bytes.set(bytes);
        }),
      );
    },
  });
  return Promise.all(Array.from({ length: size }, (_, rank) => Ranks.meet(transport(rank), hostOf(rank))));
}
