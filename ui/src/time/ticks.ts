// Round numbers for axes.

/** Multiples of 1, 2 or 5 × 10ⁿ between `from` and `to`, at most `most` of them. */
export function roundTicks(from: number, to: number, most: number): number[] {
  const span = to - from;
  if (!(span > 0)) return [from];
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const ticks: number[] = [];
  for (let n = Math.ceil(from / step); n * step <= to; n++) ticks.push(n * step);
  return ticks;
}

/** Powers of ten for a logarithmic axis, with 2 and 5 between them where there is room. */
export function logTicks(from: number, to: number, most: number): number[] {
  for (const factors of [[1, 2, 5], [1, 3], [1]]) {
    const ticks: number[] = [];
    for (let power = 10 ** Math.floor(Math.log10(from)); power <= to; power *= 10) {
      for (const factor of factors) {
        const tick = factor * power;
        if (tick >= from && tick <= to) ticks.push(tick);
      }
    }
    if (ticks.length <= most) return ticks;
    if (factors.length === 1) return ticks.filter((_, i) => i % Math.ceil(ticks.length / most) === 0);
  }
  return [];
}
