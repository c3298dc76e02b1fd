/** The sign of an error; next to a number it counts them. */
export function ErrorMark() {
  return (
    <svg class="error-mark" viewBox="0 0 16 16" role="img" aria-label="error">
      <circle cx="8" cy="8" r="7" />
      <path d="M8 4v5M8 11.200v.3" />
    </svg>
  );
}
