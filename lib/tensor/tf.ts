import { isEngineLoaded, loadEngine, type TensorflowModule } from './runtime/load.js';

/**
 * TensorFlow.js on the engine that `dpbench setup` made ready. The engine is loaded at the first use of a property, so
 * that importing this costs nothing and notebooks that only do accounting start at once.
 *
 * @throws EngineError at the first use, naming `dpbench setup`, when there is no engine.
 * @example const mean = await tf.randomNormal([1000]).mean().data();
 */
export const tf: TensorflowModule = new Proxy({} as TensorflowModule, {
  get(_target, name) {
    // `await` and inspection ask any object for these; that is no use of the engine.
    if (!isEngineLoaded() && (typeof name === 'symbol' || name === 'then' || name === 'toJSON')) return undefined;
    return Reflect.get(loadEngine(), name) as unknown;
  },
  has: (_target, name) => Reflect.has(loadEngine(), name),
  ownKeys: () => Reflect.ownKeys(loadEngine()),
  getOwnPropertyDescriptor(_target, name) {
    const property = Reflect.getOwnPropertyDescriptor(loadEngine(), name);
    // A proxy may only report what its own (empty) target could still get: configurable properties.
    return property && { ...property, configurable: true };
  },
  set: () => false,
});
