import { formatDuration } from '../time/duration';
import { ErrorMark } from '../view/error-mark';
import { serviceColor } from '../view/service-color';
import type { Span } from './model';
import { barOf, type View } from './rows';

interface Props {
  span: Span;
  top: number;
  view: View;
  active: boolean;
  open: boolean;
  collapsed: boolean;
  /** Undefined: nothing is searched for. */
  match: boolean | undefined;
  onShow: (span: Span) => void;
  onToggle: (span: Span) => void;
}

/** Deeper spans are not indented further; their depth is in the detail. */
const DEEPEST_INDENT = 16;

export function SpanRow({ span, top, view, active, open, collapsed, match, onShow, onToggle }: Props) {
  const color = serviceColor(span.service);
  const classes = [
    'span-row',
    active && 'active',
    open && 'open',
    match === true && 'match',
    match === false && 'dim',
  ];
  return (
    // The tree has the focus, names its active row and handles the keys of all rows.
    <div
      id={`row-${span.key}`}
      class={classes.filter(Boolean).join(' ')}
      role="treeitem"
      aria-level={span.depth + 1}
      aria-expanded={span.below > 0 ? !collapsed : undefined}
      aria-selected={active}
      aria-label={`${span.service} ${span.name}, ${formatDuration(span.end - span.start)}${span.error ? ', error' : ''}`}
      style={{ top: `${top}px` }}
      data-testid="span-row"
      data-span-id={span.id}
      onClick={() => onShow(span)}
    >
      <div class="span-name" style={{ '--indent': Math.min(span.depth, DEEPEST_INDENT) }}>
        <Fold span={span} collapsed={collapsed} onToggle={onToggle} />
        <i class="stripe" style={{ background: color }} />
        {span.error && <ErrorMark />}
        <span class="span-service">{span.service}</span>
        <span class="span-operation">{span.name}</span>
        {span.detached && (
          <span class="detached" title={`Shown at the top: ${span.detached}`}>
            {span.detached}
          </span>
        )}
      </div>
      <div class="span-track">
        <SpanBar span={span} view={view} color={color} />
      </div>
    </div>
  );
}

function Fold({
  span,
  collapsed,
  onToggle,
}: {
  span: Span;
  collapsed: boolean;
  onToggle: (span: Span) => void;
}) {
  if (span.below === 0) return <span class="fold" />;
  return (
    <button
      type="button"
      class="fold"
      tabIndex={-1}
      aria-label={collapsed ? `Expand ${span.below} spans` : 'Collapse'}
      data-testid="span-fold"
      onClick={(event) => {
        event.stopPropagation();
        onToggle(span);
      }}
    >
      <svg viewBox="0 0 16 16" class={collapsed ? '' : 'down'} aria-hidden="true">
        <path d="M6 4l4 4-4 4" />
      </svg>
      {collapsed && <b>{span.below}</b>}
    </button>
  );
}

function SpanBar({ span, view, color }: { span: Span; view: View; color: string }) {
  const bar = barOf(span, view);
  if (bar.hidden) return null;
  const right = bar.left + bar.width;
  const place =
    bar.label === 'right'
      ? { left: `calc(${right}% + 6px)` }
      : bar.label === 'left'
        ? { right: `calc(${100 - bar.left}% + 6px)` }
        : { left: `calc(${bar.left}% + 6px)` };
  return (
    <>
      <i
        class={span.error ? 'bar error' : 'bar'}
        style={{
          left: `min(${bar.left}%, calc(100% - 2px))`,
          width: `max(${bar.width}%, 2px)`,
          background: color,
        }}
      />
      <span class={`bar-label ${bar.label}`} style={place}>
        {formatDuration(span.end - span.start)}
      </span>
    </>
  );
}
