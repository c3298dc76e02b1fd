import { useEffect, useState } from 'preact/hooks';

const FEEDBACK_MILLISECONDS = 1500;

/** A button that copies `text` and says so. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [outcome, setOutcome] = useState<'copied' | 'failed'>();

  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(undefined), FEEDBACK_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [outcome]);

  const onClick = async (event: MouseEvent) => {
    event.stopPropagation();
    setOutcome((await copy(text)) ? 'copied' : 'failed');
  };
  return (
    <button type="button" class={`copy ${outcome ?? ''}`} onClick={onClick} aria-label={label} title={label}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {outcome === 'copied' ? (
          <path d="M3 8.5l3.2 3.2L13 5" />
        ) : outcome === 'failed' ? (
          <path d="M4 4l8 8M12 4l-8 8" />
        ) : (
          <path d="M5.5 5.5h7v8h-7zM3.5 10.500h-1v-8h7v1" />
        )}
      </svg>
      <span class="visually-hidden" role="status">
        {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Copying failed' : ''}
      </span>
    </button>
  );
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** The clipboard API needs HTTPS or localhost; a server in a private network often has neither. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  return copied;
}
