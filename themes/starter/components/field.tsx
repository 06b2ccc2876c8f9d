interface Props {
  name: string;
  label: string;
  error?: string;
  type?: "text" | "email" | "tel";
  autoComplete?: string;
  isRequired?: boolean;
  isLong?: boolean;
  options?: { value: string; label: string }[];
  placeholder?: string;
}

/** A field with its label and, where there is one, its error: read out with it. */
export function Field({ name, label, error, type = "text", autoComplete, isRequired, isLong, options, placeholder }: Props) {
  const shared = {
    id: name,
    name,
    autoComplete,
    "aria-required": isRequired || undefined,
    "aria-invalid": error ? true : undefined,
    "aria-describedby": error ? `${name}-error` : undefined,
  };
  return (
    <div className={error ? "field field--wrong" : "field"}>
      <label htmlFor={name}>{label}</label>
      {options ? (
        <select {...shared} defaultValue="">
          <option value="">{placeholder}</option>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      ) : isLong ? (
        <textarea {...shared} rows={3} maxLength={5000} />
      ) : (
        <input {...shared} type={type} maxLength={254} />
      )}
      {error && (
        <p className="field__error" id={`${name}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}
