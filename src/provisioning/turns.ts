// Who changes the same thing in one process does so one after the other, in the order of their calls. The guards of the store would let only one
// of them win anyway; without turns the others start over, and somebody may lose every time. It is no lock: other nodes know nothing of it.

export type Turns = <Result>(name: string, work: () => Promise<Result>) => Promise<Result>;

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const before = last.get(name);
    const turn = before === undefined ? work() : before.then(work, work);
    last.set(name, turn);
    const leave = (): void => {
      if (last.get(name) === turn) last.delete(name);
    };
    turn.then(leave, leave);
    return turn;
  };
}
