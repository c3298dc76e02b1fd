import type { ComponentChildren } from 'preact';

interface Props {
  title: string;
  count: number;
  open?: boolean;
  children: ComponentChildren;
}

/** A part of the detail that folds; absent when there is nothing in it. */
export function Section({ title, count, open, children }: Props) {
  if (count === 0) return null;
  return (
    <details class="section" open={open} data-testid={`detail-${title.toLowerCase()}`}>
      <summary>
        {title} <span class="section-count">{count}</span>
      </summary>
      {children}
    </details>
  );
}
