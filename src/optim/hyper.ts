/** The hyper-parameters that several update rules or schedules share, and the ranges that they all use. */
import { z } from 'zod';

export const positive = z.number().positive();
export const notNegative = z.number().min(0);
export const fraction = z.number().min(0).lt(1);
export const whole = (minimum: number) => z.number().int().min(minimum);

export const momentum = {
  schema: fraction,
  default: 0.9,
  help: 'share of the previous step that is added to the next',
} as const;

export const betas = {
  schema: z.tuple([fraction, fraction]),
  default: [0.9, 0.999],
  help: 'share of the mean gradient and of the mean square that each step keeps',
} as const;

export const eps = {
  schema: positive,
  default: 1e-8,
  help: 'small number added to the denominator, so that it is never 0',
} as const;

/** RMSprop calls it alpha and Adadelta rho; one text lets an error suggest the one for the other. */
export const meanSquareDecay = 'share of the mean square that each step keeps';

export const weightDecay = {
  schema: notNegative,
  default: 0,
  help: 'L2 penalty on the weights, added to the gradient',
} as const;

/** AdamW, LAMB and Lion shrink the weights directly, whatever the gradient (Loshchilov & Hutter 2019). */
export const decoupledWeightDecay = {
  ...weightDecay,
  help: 'shrinks the weights directly, apart from the gradient',
} as const;
