// A bounded wait for work that is right to go on behind the answer: whoever is locked out is out already, and must be told so.

/** What `work` answers, or undefined once `ms` have gone by; then it goes on by itself. Its failure before that is thrown. */
export async function waitAtMost<Value>(work: Promise<Value>, ms: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}
