/** Reads a property without running a getter: looking at a value must not change it. */
export function readProperty(value: unknown, name: string | symbol): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    for (let holder: unknown = value; holder; holder = Object.getPrototypeOf(holder)) {
      const descriptor = Object.getOwnPropertyDescriptor(holder, name);
      if (descriptor) return descriptor.value;
    }
  } catch {
    // A proxy may refuse to be looked at.
  }
  return undefined;
}

/** Whether a value has all of these methods. */
export function hasMethods(value: unknown, ...names: string[]): boolean {
  return names.every((name) => typeof readProperty(value, name) === 'function');
}
