/** Rows of measurements, as a table for people and as JSON for programs. */

/** Above this share of what the server can give, a ratio says more about the server than about us. */
const LIMIT = 0.7;

export class Report {
  constructor() {
    this.rows = [];
  }

  /**
   * One figure. `ratio` is agent to floor, or absent; `goal` {min} or {max} of `judged` (by default the ratio);
   * `ceiling` is what the server can give, in the unit of `agent`, where that is a rate.
   */
  add({ what, agent, unit, floor, ratio, judged = ratio, goal, ceiling, ...more }) {
    const server = ceiling === undefined ? undefined : agent / ceiling;
    const met = goal && (goal.min === undefined ? judged <= goal.max : judged >= goal.min);
    const row = { case: this.current, what, agent, unit, floor, ratio, goal, met, ceiling, server, ...more };
    if (server > LIMIT) row.limited_by_server = true;
    this.rows.push(row);
    process.stderr.write(`  ${cells(row).join("  ")}\n`);
  }

  table() {
    const head = ["case", "what", "agent", "floor", "ratio", "goal", "", "server", "peak RSS"];
    const lines = [head, head.map(() => "---"), ...this.rows.map((row) => [row.case, ...cells(row)])];
    const widths = head.map((_, i) => Math.max(3, ...lines.map((line) => line[i].length)));
    const padded = lines.map((line) => line.map((cell, i) => (cell === "---" ? "-".repeat(widths[i]) : cell.padEnd(widths[i]))));
    return padded.map((line) => `| ${line.join(" | ")} |`).join("\n");
  }
}

export function round(value) {
  if (value === undefined || value === null) return "";
  if (value === 0 || Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

function goalText(goal) {
  if (goal === undefined) return "";
  return goal.min === undefined ? `≤ ${round(goal.max)}` : `≥ ${round(goal.min)}`;
}

function cells(row) {
  const server = row.server === undefined ? "" : `${Math.round(row.server * 100)} %${row.limited_by_server ? " limits" : ""}`;
  const memory = row.peak_rss_kib === undefined ? "" : `${round(row.peak_rss_kib / 1024)} MiB`;
  const verdict = row.met === undefined ? "" : row.met ? "yes" : "NO";
  const floor = row.floor === undefined ? "" : round(row.floor);
  return [row.what, `${round(row.agent)} ${row.unit}`, floor, round(row.ratio), goalText(row.goal), verdict, server, memory];
}
