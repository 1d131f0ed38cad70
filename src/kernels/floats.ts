/** The arrays that kernels take: float32 in training, float64 where the reference proves a gradient. */
export type FloatArray = Float32Array | Float64Array;
