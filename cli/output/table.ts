import pc from "picocolors";

/** A table as aligned columns, with its headings; columns without any value are left out. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = headings
    .map((heading, index) => ({ heading, cells: rows.map((row) => row[index] ?? "") }))
    .filter(({ cells }) => cells.some((cell) => cell !== ""));
  const widths = columns.map(({ heading, cells }) =>
    Math.max(heading.length, ...cells.map((cell) => cell.length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  return [
    pc.dim(line(columns.map(({ heading }) => heading))),
    ...rows.map((_row, index) => line(columns.map(({ cells }) => cells[index] ?? ""))),
  ].join("\n");
}
