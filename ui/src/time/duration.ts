// Durations: Go's notation as users type it (`1.5s`, `1h2m`, `100ms`) and as people like to read it.

const NANOSECONDS_BY_UNIT: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** Nanoseconds of a Go duration, or undefined when the text is not one. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  let total = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < trimmed.length) {
    const part = PART.exec(trimmed);
    if (!part) return undefined;
    total += Number(part[1]) * (NANOSECONDS_BY_UNIT[part[2] as string] as number);
  }
  return total;
}

const SMALL_UNITS = [
  { name: 'ns', size: 1, below: 1000 },
  { name: 'µs', size: 1e3, below: 1000 },
  { name: 'ms', size: 1e6, below: 1000 },
  { name: 's', size: 1e9, below: 60 },
];

const LARGE_UNITS = [
  { name: 'd', seconds: 86_400, minor: 'h', minorSeconds: 3600 },
  { name: 'h', seconds: 3600, minor: 'm', minorSeconds: 60 },
  { name: 'm', seconds: 60, minor: 's', minorSeconds: 1 },
];

/** A duration for reading: three significant digits, and two units from a minute on. */
export function formatDuration(nanoseconds: bigint | number): string {
  const value = Number(nanoseconds);
  if (value < 0) return `−${formatDuration(-value)}`;
  for (const unit of SMALL_UNITS) {
    const rounded = roundToThreeDigits(value / unit.size);
    if (rounded < unit.below) return `${rounded} ${unit.name}`;
  }
  const seconds = Math.round(value / 1e9);
  for (const { name, seconds: size, minor, minorSeconds } of LARGE_UNITS) {
    const inMinor = Math.round(seconds / minorSeconds);
    const perMajor = size / minorSeconds;
    if (inMinor < perMajor) continue;
    const rest = inMinor % perMajor;
    const major = `${Math.floor(inMinor / perMajor)} ${name}`;
    return rest === 0 ? major : `${major} ${rest} ${minor}`;
  }
  return `${seconds} s`;
}

function roundToThreeDigits(value: number): number {
  if (value >= 100) return Math.round(value);
  if (value >= 10) return Math.round(value * 10) / 10;
  return Math.round(value * 100) / 100;
}
