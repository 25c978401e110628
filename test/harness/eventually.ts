// Waits for what must come true by itself. The end is generous: it is there to name what never came, not to measure.

/** Resolves once `condition` answers true, asked again every few milliseconds; throws after `withinMs`. */
export async function eventually(condition: () => Promise<boolean> | boolean, withinMs = 20_000): Promise<void> {
  for (const end = Date.now() + withinMs; ; ) {
    if (await condition()) return;
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
