import { isMet, type Figure } from "./figures";

const HEAD = ["measurement", "value", "ratio", "target", "met"];

function digits(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

function withUnit(value: number, unit: Figure["unit"]): string {
  return `${Number.isInteger(value) ? value : digits(value)}${unit === "" ? "" : ` ${unit}`}`;
}

function row(figure: Figure): string[] {
  const { name, value, unit, ratio, atMost } = figure;
  const met = isMet(figure);
  return [
    name,
    withUnit(value, unit),
    ratio === undefined ? "" : digits(ratio),
    atMost === undefined
      ? ""
      : `≤ ${ratio === undefined ? withUnit(atMost, unit) : String(atMost)}`,
    met === undefined ? "" : met ? "yes" : "no",
  ];
}

/** The figures as aligned columns; notes follow below. */
export function table(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(row)];
  const widths = HEAD.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const notes = figures.flatMap(({ name, note }) =>
    note === undefined ? [] : [`${name}: ${note}`],
  );
  return [...lines, ...(notes.length === 0 ? [] : ["", ...notes])].join("\n");
}

/** The same for scripts. */
export function json(figures: readonly Figure[]): unknown {
  return figures.map((figure) => ({ ...figure, met: isMet(figure) }));
}
