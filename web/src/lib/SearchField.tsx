import { Search, X } from 'lucide-react';
import { type RefObject, useEffect, useState } from 'react';

import style from './SearchField.module.css';

const PAUSE_MS = 250;

/** Asks when somebody stops typing. */
export function SearchField(props: {
  value: string;
  label: string;
  placeholder: string;
  inputRef?: RefObject<HTMLInputElement | null>;
  onChange: (value: string) => void;
}) {
  const { value, label, placeholder, inputRef, onChange } = props;
  const [typed, setTyped] = useState(value);
  const [given, setGiven] = useState(value);
  if (given !== value) {
    setGiven(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = setTimeout(() => onChange(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [typed]);
  return (
    <div className={style.search}>
      <Search size={14} aria-hidden />
      <input
        ref={inputRef}
        type="text"
        aria-label={label}
        placeholder={placeholder}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            setTyped('');
            event.currentTarget.blur();
          }
        }}
      />
      {typed && (
        <button type="button" aria-label="Clear the search" onClick={() => setTyped('')}>
          <X size={13} />
        </button>
      )}
    </div>
  );
}
