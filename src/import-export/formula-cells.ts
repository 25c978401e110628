// Cells that a spreadsheet would calculate: an apostrophe before them on export, taken off on import. What already looks like that gets one more,
// so that every text comes back as it was.

const neutralised = /^'+[=+\-@\t\r]/;
const formula = /^'*[=+\-@\t\r]/;

export function neutraliseCell(cell: string): string {
  return formula.test(cell) ? `'${cell}` : cell;
}

export function restoreCell(cell: string): string {
  return neutralised.test(cell) ? cell.slice(1) : cell;
}
