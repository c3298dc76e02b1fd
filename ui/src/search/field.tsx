import type { ComponentChildren } from 'preact';

interface FieldProps {
  id: string;
  label: string;
  problem?: string | undefined;
  wide?: boolean | undefined;
  children: ComponentChildren;
}

/** A labelled form field, with what is wrong below it. */
export function Field({ id, label, problem, wide, children }: FieldProps) {
  return (
    <div class={['field', problem && 'wrong', wide && 'wide'].filter(Boolean).join(' ')}>
      <label for={id}>{label}</label>
      {children}
      {problem && (
        <p class="problem" id={`${id}-problem`} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

interface TextFieldProps {
  id: string;
  label: string;
  value: string;
  placeholder: string;
  problem: string | undefined;
  wide?: boolean;
  onChange: (value: string) => void;
}

export function TextField({ id, label, value, placeholder, problem, wide, onChange }: TextFieldProps) {
  return (
    <Field id={id} label={label} problem={problem} wide={wide}>
      <input
        id={id}
        type="text"
        value={value}
        placeholder={placeholder}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? `${id}-problem` : undefined}
        data-testid={id}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </Field>
  );
}
