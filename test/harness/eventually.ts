// Waits for what must come true by itself. The end is generous: it is there to name what never came, not to measure.

/** Asks again every few milliseconds until the answer is neither false nor missing, and answers it; throws after `withinMs`. */
export async function eventually<Value>(
  ask: () => Promise<Value> | Value,
  withinMs = 20_000,
): Promise<Exclude<Value, false | null | undefined>> {
  for (const end = Date.now() + withinMs; ; ) {
    const answer = await ask();
    if (answer !== false && answer !== null && answer !== undefined)
      return answer as Exclude<Value, false | null | undefined>;
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${ask.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
