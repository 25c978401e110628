// How a file becomes rows: encoding, delimiter and header are found out, cells keep what is in them, and what is no CSV is refused with the line.

import { Readable } from 'node:stream';
import encodingJapanese from 'encoding-japanese';
import fc from 'fast-check';
import { writeLine } from '#import-export/csv-writing.ts';
import { readRows, longestRecord, type CsvShape, type ReadingOptions } from '#import-export/csv-reading.ts';
import { neutraliseCell, restoreCell } from '#import-export/formula-cells.ts';
import { decodeText, encodeText, lackingCharacters, type TextEncoding } from '#import-export/text-encoding.ts';
import { runs } from '../harness/test-scale.ts';

const unsaid: ReadingOptions = { kind: 'users', preset: 'furlough', delimiter: null, header: null };

function sjis(text: string): Buffer {
  return Buffer.from(encodingJapanese.convert(encodingJapanese.stringToCode(text), { from: 'UNICODE', to: 'SJIS' }));
}

interface Read {
  readonly encoding: TextEncoding;
  readonly shape: CsvShape | undefined;
  readonly lines: readonly number[];
  readonly rows: readonly (readonly string[])[];
}

async function read(
  bytes: Buffer | string,
  options: Partial<ReadingOptions> = {},
  { pieces = 1_000, encoding = null as TextEncoding | null } = {},
): Promise<Read> {
  const buffer = Buffer.from(bytes);
  const chunks = Array.from({ length: Math.ceil(buffer.length / pieces) }, (_, index) =>
    buffer.subarray(index * pieces, (index + 1) * pieces),
  );
  const decoded = decodeText(Readable.from(chunks), encoding);
  const found: { lines: number[]; rows: (readonly string[])[]; shapes: CsvShape[] } = {
    lines: [],
    rows: [],
    shapes: [],
  };
  for await (const { line, cells } of readRows(decoded.text, { ...unsaid, ...options }, (shape) =>
    found.shapes.push(shape),
  )) {
    found.lines.push(line);
    found.rows.push(cells);
  }
  return { encoding: decoded.encoding(), shape: found.shapes[0], lines: found.lines, rows: found.rows };
}

describe('encodings', () => {
  const text = 'Login Name,Display Name\r\nabe,髙橋 﨑 ①㈱\r\nito,伊藤\r\n';
  const rows = [
    ['abe', '髙橋 﨑 ①㈱'],
    ['ito', '伊藤'],
  ];

  test.each([
    ['UTF-8', Buffer.from(text), 'utf-8'],
    ['UTF-8 with its mark', Buffer.from(`\uFEFF${text}`), 'utf-8'],
    ['Shift_JIS', sjis(text), 'shift_jis'],
  ] as const)('%s is found out, however the bytes arrive', async (_name, bytes, encoding) => {
    for (const pieces of [1, 2, 3, 7, 1_000])
      expect(await read(bytes, {}, { pieces })).toMatchObject({ encoding, rows });
  });

  test('a first byte of Japanese after much ASCII is enough to find it out', async () => {
    const long = `Login Name,Display Name\n${'a,b\n'.repeat(40_000)}`;
    expect(
      (await read(Buffer.concat([Buffer.from(long), sjis('abe,髙橋\n')]), {}, { pieces: 8_192 })).rows.at(-1),
    ).toEqual(['abe', '髙橋']);
  });

  test('what was found out can be overruled, and bytes that are none of the encoding are refused', async () => {
    await expect(read(sjis(text), {}, { encoding: 'utf-8' })).rejects.toMatchObject({ code: 'fileUnreadable' });
    await expect(read(Buffer.from([0x61, 0xff, 0xfe, 0x00, 0x80]))).rejects.toMatchObject({ code: 'fileUnreadable' });
  });

  test('a character that the encoding lacks is named, and never written as something else', () => {
    expect(lackingCharacters('𠮷野家〜髙橋﨑', 'shift_jis')).toEqual(['𠮷', '〜']);
    expect(encodeText('𠮷', 'shift_jis')).toBeNull();
    expect(encodeText('\uD842', 'utf-8')).toBeNull();
    expect(lackingCharacters('𠮷野家〜', 'utf-8')).toEqual([]);
  });
});

describe('shapes', () => {
  test.each([
    ['comma', 'a,b'],
    ['tab', 'a\tb'],
    ['semicolon', 'a;b'],
  ] as const)('the delimiter %s is found out by the first row', async (delimiter, row) => {
    const found = await read(`${row}\n"x, ;	y"${row[1]}z\n`, { kind: 'memberships', header: false });
    expect(found.shape?.delimiter).toBe(delimiter);
    expect(found.rows).toEqual([
      ['a', 'b'],
      ['x, ;	y', 'z'],
    ]);
  });

  test('a header is found out by its first name in either language, and names the columns in any order', async () => {
    const japanese = await read('ログイン名,使用状態\nabe,停止中\n');
    expect(japanese.shape).toMatchObject({ header: true, columns: ['login', 'status'] });
    const english = await read('status;login name\n1;abe\n');
    expect(english.shape).toMatchObject({ header: true, columns: ['status', 'login'] });
    expect((await read('abe,Abe\n')).shape).toMatchObject({ header: false });
    expect((await read('login name,b\n', { header: false })).rows).toEqual([['login name', 'b']]);
  });

  test('Kintone’s columns stand in their order whatever the header calls them', async () => {
    const found = await read('User,Name\nabe,Abe\n', { preset: 'kintone', header: true });
    expect(found.shape?.columns).toHaveLength(25);
    expect(found.rows).toEqual([['abe', 'Abe']]);
  });

  test.each([
    ['an unknown name', 'Login Name,Shoe Size\n'],
    ['a column twice', 'Login Name,Status,Status\n'],
    ['no column that says who is meant', 'Status,Display Name\n'],
  ])('a header with %s is refused', async (_what, text) => {
    await expect(read(`${text}a,b,c\n`)).rejects.toMatchObject({ code: 'columnsUnknown' });
  });

  test('rows know the line they begin on, through line breaks in cells and empty lines', async () => {
    const found = await read('a,"x\ny"\r\n\r\nb,2\nc,"1\r\n2\r\n3"\rd,4', { kind: 'memberships' });
    expect(found.lines).toEqual([1, 4, 5, 8]);
    expect(found.rows[0]).toEqual(['a', 'x\ny']);
  });
});

describe('hostile files', () => {
  test.each([
    ['a quote that is never closed', 'a,b\nc,"d\n', 'never closed. Line 2'],
    ['a quote in the middle of a cell', 'a,b\nc,d"e\n', 'middle of a cell'],
    ['text after a closing quote', 'a,b\n"c"d,e\n', 'After a closing quote'],
    ['a NUL', 'a,b\nc,\0\n', 'NUL'],
    ['a row without an end', `a,${'x'.repeat(longestRecord + 10)}`, 'more than'],
  ])('%s is refused in words', async (_what, text, words) => {
    await expect(read(text, { kind: 'memberships' })).rejects.toMatchObject({
      code: 'fileUnreadable',
      message: expect.stringContaining(words) as string,
    });
  });

  test('a cell of ten megabytes is given up long before its end', async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a,"');
      for (; taken < 10 * 16; taken += 1) yield await Promise.resolve(Buffer.alloc(64 * 1024, 0x78));
    }
    const rows = readRows(decodeText(endless(), null).text, { ...unsaid, kind: 'memberships' }, () => undefined);
    await expect(rows.next()).rejects.toMatchObject({ code: 'fileUnreadable' });
    expect(taken).toBeLessThan(10);
  });

  test('bytes of any kind are rows or a refusal, never a failure of ours', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        try {
          await read(Buffer.from(bytes), { kind: 'memberships' }, { pieces: 7 });
        } catch (error) {
          expect(error).toMatchObject({ name: 'ImportError' });
        }
      }),
      { numRuns: runs(150, 5_000) },
    );
  });
});

describe('cells', () => {
  test('what a spreadsheet would calculate is written with an apostrophe before it', () => {
    for (const cell of ['=1+1', '+81', '-1', '@x', '\tx', "'=1"]) expect(neutraliseCell(cell)).toBe(`'${cell}`);
    for (const cell of ['a=1', "'a", '', "O'Neil"]) expect(neutraliseCell(cell)).toBe(cell);
  });

  test('every cell comes back as it was, through both encodings and all delimiters', async () => {
    const cell = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.string({
        unit: fc.constantFrom('=', '+', "'", '"', ',', ';', '\t', '\n', '\r', '髙', '橋', 'あ', ' '),
        maxLength: 8,
      }),
    );
    const row = fc.array(
      cell.filter((text) => !/[\0\uFEFF]/.test(text)),
      { minLength: 2, maxLength: 5 },
    );
    const rows = fc.array(row, { minLength: 1, maxLength: 5 });
    const encodings = fc.constantFrom<TextEncoding>('utf-8', 'shift_jis');
    const delimiters = fc.constantFrom('comma', 'tab', 'semicolon' as const);
    await fc.assert(
      fc.asyncProperty(rows, encodings, delimiters, async (written, encoding, delimiter) => {
        const options = { encoding, delimiter: delimiter as 'comma', mark: false, neutralise: true };
        const lines = written.map((cells) => [cells, writeLine(cells, options)] as const);
        const kept = lines.filter(([, line]) => line !== null);
        const bytes = Buffer.concat(kept.map(([, line]) => line ?? new Uint8Array(0)));
        const found = await read(
          bytes,
          { kind: 'memberships', header: false, delimiter: options.delimiter },
          { pieces: 5, encoding },
        );
        expect(found.rows.map((cells) => cells.map(restoreCell))).toEqual(kept.map(([cells]) => cells));
      }),
      { numRuns: runs(150, 5_000) },
    );
  });
});
