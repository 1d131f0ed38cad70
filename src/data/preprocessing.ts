/**
 * Defines the choices that the user has about how columns become inputs. Every default is what gradpool has
 * always done; the preset for tables makes other choices.
 */

/** Says where the scaled numbers have their origin and unit, and what happens to those far out. */
export const SCALINGS = ['standard', 'robust'] as const;
/** Says which columns of numbers get an input that tells missing values from others. */
export const MISSING_INDICATORS = ['never', 'auto', 'any'] as const;
/** Says how categories that are not embedded become inputs. */
export const CATEGORY_CODINGS = ['oneHot', 'signed'] as const;

/** The preprocessing of a table's columns, as the user chooses it. Each choice may be left out. */
export interface Preprocessing {
  /**
   * `standard`: (x − mean)/deviation. `robust`: (x − median)/IQR, then x/√(1 + (x/3)²), which no outlier
   * leaves.
   */
  readonly scaling?: (typeof SCALINGS)[number];
  /**
   * `never`; `auto`: columns in which at least 1 % of the training rows, and at least five, lack the number;
   * `any`: columns in which any training row does.
   */
  readonly missingIndicators?: (typeof MISSING_INDICATORS)[number];
  /**
   * `oneHot`: an input for each category, and one for missing values if training rows had any. `signed`: two
   * categories are one input of −1 and 1, more are one-hot, and missing values are 0 everywhere.
   */
  readonly categories?: (typeof CATEGORY_CODINGS)[number];
}

/** The choices where the user makes none. */
export const DEFAULT_PREPROCESSING = {
  scaling: 'standard',
  missingIndicators: 'never',
  categories: 'oneHot',
} as const satisfies Required<Preprocessing>;

const KEYS = Object.keys(DEFAULT_PREPROCESSING) as (keyof Preprocessing)[];

/** Returns every choice: the user's, or the default. */
export function preprocessingOf(options: Preprocessing): Required<Preprocessing> {
  const chosen = KEYS.map((key) => [key, options[key] ?? DEFAULT_PREPROCESSING[key]]);
  return Object.fromEntries(chosen) as Required<Preprocessing>;
}
