// The part of preact.js that the page uses. Views are of no type: a test looks at them in a browser.
export type View = any;
export function html(strings: TemplateStringsArray, ...values: any[]): View;
export function render(view: View, parent: Element): void;
export function useState<T>(first: T | (() => T)): [T, (next: T | ((now: T) => T)) => void];
export function useEffect(run: () => void | (() => void), watched?: unknown[]): void;
export function useLayoutEffect(run: () => void | (() => void), watched?: unknown[]): void;
export function useRef<T>(first: T): { current: T };
export function useMemo<T>(make: () => T, watched: unknown[]): T;
export function useErrorBoundary(caught?: (error: any) => void): [any, () => void];
