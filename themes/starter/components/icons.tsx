const PROPS = {
  width: 22,
  height: 22,
  viewBox: "0 0 24 24",
  fill: "none",
  stroke: "currentColor",
  strokeWidth: 1.6,
  strokeLinecap: "round",
  strokeLinejoin: "round",
  "aria-hidden": true,
} as const;

export function SearchIcon() {
  return (
    <svg {...PROPS}>
      <circle cx="11" cy="11" r="6.5" />
      <path d="m16 16 4.5 4.5" />
    </svg>
  );
}

export function CartIcon() {
  return (
    <svg {...PROPS}>
      <path d="M5.5 8h13l1 12h-15z" />
      <path d="M8.5 10V7a3.5 3.5 0 0 1 7 0v3" />
    </svg>
  );
}

export function MenuIcon() {
  return (
    <svg {...PROPS}>
      <path d="M4 7h16M4 12h16M4 17h16" />
    </svg>
  );
}
