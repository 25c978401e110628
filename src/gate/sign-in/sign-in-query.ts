// What a link to a sign-in may say beyond where it leads: how recently the person must have proved themselves, and what of the link goes along
// through the pages in between (the choice of a connection, the address). Names are those of OpenID Connect (Core 3.1.2.1).

/** Kept by every page between the link and the sign-in. */
const alongTheWay = ['return_to', 'prompt', 'max_age'] as const;

export type Along = Readonly<Record<string, string>>;

export function readAlong(given: URLSearchParams): Along {
  const found = alongTheWay.map((name) => [name, given.get(name)] as const);
  return Object.fromEntries(
    found.filter((entry): entry is [(typeof alongTheWay)[number], string] => entry[1] !== null),
  );
}

/** Seconds; 0 for `prompt=login`, and for what cannot be read: who asks for anything of the kind does not mean "whenever". */
export function readMaxAge(given: URLSearchParams): number | undefined {
  const [prompt, maxAge] = [given.get('prompt'), given.get('max_age')];
  if (prompt?.split(' ').includes('login') === true) return 0;
  if (maxAge === null) return undefined;
  return /^\d{1,9}$/.test(maxAge) ? Number(maxAge) : 0;
}
