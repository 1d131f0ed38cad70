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
/** Says whether dates are one number or several. */
export const DATE_CODINGS = ['days', 'parts'] as const;
/** Says how a column of numbers is bent before it is scaled. */
export const COLUMN_TRANSFORMS = ['none', 'log', 'quantileNormal', 'quantileUniform'] as const;
/** Says how the columns of numbers are bent; `auto` bends none, and says where it may help. */
export const TRANSFORMS = ['auto', ...COLUMN_TRANSFORMS] as const;

/** The preprocessing of a table's columns, as the user chooses it. Each choice may be left out. */
export interface Preprocessing {
  /**
   * `standard`: (x − mean)/deviation. `robust`: (x − median)/IQR, then x/√(1 + (x/3)²), which no outlier
   * leaves.
   */
  readonly scaling?: (typeof SCALINGS)[number] | undefined;
  /**
   * `never`; `auto`: columns in which at least 1 % of the training rows, and at least five, lack the number;
   * `any`: columns in which any training row does.
   */
  readonly missingIndicators?: (typeof MISSING_INDICATORS)[number] | undefined;
  /**
   * `oneHot`: an input for each category, and one for missing values if training rows had any. `signed`: two
   * categories are one input of −1 and 1, more are one-hot, and missing values are 0 everywhere.
   */
  readonly categories?: (typeof CATEGORY_CODINGS)[number] | undefined;
  /** Categories in fewer training rows than this share one input with those that training never saw. */
  readonly rareBelow?: number | undefined;
  /** `days`: days since 1970. `parts`: days, year, and month, day, weekday and hour as points on circles. */
  readonly dates?: (typeof DATE_CODINGS)[number] | undefined;
  /** How all columns of numbers are bent before they are scaled, or those that are named. */
  readonly transform?:
    | (typeof TRANSFORMS)[number]
    | Readonly<Record<string, (typeof COLUMN_TRANSFORMS)[number]>>
    | undefined;
  /** Whether predicted numbers are kept within the range of the training rows' targets. */
  readonly clipPredictions?: boolean | undefined;
}

/** The preprocessing with a choice for everything. */
export type CompletePreprocessing = {
  readonly [Key in keyof Preprocessing]-?: NonNullable<Preprocessing[Key]>;
};

/** The choices where the user makes none. */
export const DEFAULT_PREPROCESSING = {
  scaling: 'standard',
  missingIndicators: 'never',
  categories: 'oneHot',
  rareBelow: 1,
  dates: 'days',
  transform: 'none',
  clipPredictions: false,
} as const satisfies CompletePreprocessing;

const KEYS = Object.keys(DEFAULT_PREPROCESSING) as (keyof Preprocessing)[];

/** Returns every choice: the user's, or the default. */
export function preprocessingOf(options: Preprocessing): CompletePreprocessing {
  const chosen = KEYS.map((key) => [key, options[key] ?? DEFAULT_PREPROCESSING[key]]);
  return Object.fromEntries(chosen) as CompletePreprocessing;
}
