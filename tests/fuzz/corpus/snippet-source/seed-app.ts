const pattern = /[}{]/;

export const add = (a: number, b: number): number => {
  return a + b;
};

export class Box<T> {
  constructor(private value: T) {}

  get(): string {
    return `${this.value} }`;
  }
}

function unused() {
  return pattern;
}
