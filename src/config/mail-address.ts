// What a mail address is here: stricter than RFC 5321, so that nothing in one can mean anything else to a mail server or in a header.

/** One address, not a list, without a name. */
export function isMailAddress(text: string): boolean {
  return (
    text.length <= 254 &&
    !/\p{C}/u.test(text) &&
    /^[^\s@<>()[\]\\,;:"]{1,64}@[\p{L}\p{N}]([\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u.test(text)
  );
}

export interface Sender {
  readonly name: string;
  readonly address: string;
}

/** `furlough@example.com` or `Furlough <furlough@example.com>`; null: neither. */
export function readSender(text: string): Sender | null {
  const [, name = '', inBrackets, bare = ''] = /^(?:([^<>"\p{Cc}]*?)\s*<([^<>]+)>|([^<>]+))$/u.exec(text.trim()) ?? [];
  const address = inBrackets ?? bare;
  return isMailAddress(address) ? { name, address } : null;
}
