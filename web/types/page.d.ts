// What the page's modules find beside them only once they are served, and what a script put into the window.
declare module "*/html.js" {
  export function html(strings: TemplateStringsArray, ...values: unknown[]): any;
  export function render(tree: unknown, place: Element): void;
  export function useState<T>(initial: T | (() => T)): [T, (next: T | ((now: T) => T)) => void];
  export function useEffect(effect: () => void | (() => void), on?: unknown[]): void;
  export function useRef<T>(initial: T): { current: T };
}

declare module "*/uplot.js" {
  const Plot: any;
  export default Plot;
}

declare module "*/uqr.js" {
  export function encode(text: string, options: { border: number; ecc: string }): { size: number; data: boolean[][] };
}

interface Window {
  theme: { get(): string; set(theme: string): void };
}
