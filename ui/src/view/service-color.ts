// One colour per service. The name picks it, so that it is the same on every page and every day; when two services
// meet on the same colour, the one seen later moves to the next free one.

const COLOR_COUNT = 20;

const colors = new Map<string, number>();

export function serviceColor(name: string): string {
  return `var(--service-${serviceColorIndex(name)})`;
}

export function serviceColorIndex(name: string): number {
  let index = colors.get(name);
  if (index === undefined) {
    index = firstFree(hash(name) % COLOR_COUNT);
    colors.set(name, index);
  }
  return index;
}

function firstFree(wanted: number): number {
  const taken = new Set(colors.values());
  if (taken.size >= COLOR_COUNT) return wanted;
  let index = wanted;
  while (taken.has(index)) index = (index + 1) % COLOR_COUNT;
  return index;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value ^= text.charCodeAt(i);
    value = Math.imul(value, 0x01000193) >>> 0;
  }
  return value;
}
