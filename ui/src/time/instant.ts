// Points in time. The wire has nanoseconds since 1970 as 64-bit integers, which a `number` cannot hold: bigint throughout.

/** The last instant that both `Date` and RFC 3339 (four-digit years) can write. */
const LAST_INSTANT_MICROSECONDS = 253_402_300_799_999_999n;

export function isWritable(microseconds: bigint): boolean {
  return microseconds >= 0n && microseconds <= LAST_INSTANT_MICROSECONDS;
}

/** RFC 3339 in UTC with microseconds. */
export function formatRfc3339(microseconds: bigint): string {
  return `${utcSeconds(microseconds / 1_000_000n)}.${digits(microseconds % 1_000_000n, 6)}Z`;
}

/** RFC 3339 in UTC with all nanoseconds. */
export function formatRfc3339Nano(nanoseconds: bigint): string {
  if (!isWritable(nanoseconds / 1000n)) return `${nanoseconds} ns since 1970`;
  return `${utcSeconds(nanoseconds / 1_000_000_000n)}.${digits(nanoseconds % 1_000_000_000n, 9)}Z`;
}

function utcSeconds(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
}

function digits(value: bigint, width: number): string {
  return value.toString().padStart(width, '0');
}

const DAY = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
});
const CLOCK_SHORT = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const DAY_SHORT = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

const toDate = (nanoseconds: bigint) => new Date(Number(nanoseconds / 1_000_000n));

/** Date and time of day in the reader's time zone. */
export function formatInstant(nanoseconds: bigint): string {
  if (!isWritable(nanoseconds / 1000n)) return 'unknown time';
  const date = toDate(nanoseconds);
  return `${DAY.format(date)}, ${CLOCK.format(date)}`;
}

/** The label of a time axis: the clock, and the day as well when the axis spans more than one. */
export function formatAxis(milliseconds: number, withDay: boolean): string {
  const date = new Date(milliseconds);
  return withDay ? `${DAY_SHORT.format(date)} ${CLOCK_SHORT.format(date)}` : CLOCK_SHORT.format(date);
}

/** How long ago, in one word and a unit. */
export function formatAge(nanoseconds: bigint, nowMilliseconds: number): string {
  const seconds = Math.round((nowMilliseconds - Number(nanoseconds / 1_000_000n)) / 1000);
  if (seconds < 0) return 'in the future';
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** The value of an `<input type="datetime-local">` in the reader's time zone. */
export function toLocalInput(microseconds: bigint): string {
  const date = new Date(Number(microseconds / 1000n));
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}

export function fromLocalInput(value: string): bigint | undefined {
  const milliseconds = new Date(value).getTime();
  return Number.isNaN(milliseconds) ? undefined : BigInt(milliseconds) * 1000n;
}
