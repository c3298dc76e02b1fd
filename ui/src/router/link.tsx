import type { ComponentChildren } from 'preact';
import { href, navigate } from './address';

interface Props {
  to: string;
  class?: string;
  children: ComponentChildren;
  'aria-label'?: string;
  'aria-current'?: 'page' | undefined;
  'data-testid'?: string;
  'data-trace-id'?: string;
}

/** A link inside the page: a plain click stays in the page, everything else is the browser's. */
export function Link({ to, ...rest }: Props) {
  const onClick = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return <a {...rest} href={href(to)} onClick={onClick} />;
}
