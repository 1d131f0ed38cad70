/** The tables of the suite: where each comes from, what is predicted, and which half it belongs to. */

/** The Debian packages that hold the tables, with their licences; scikit-learn's own tables are BSD-3. */
export const PACKAGES = {
  weka: {
    licence: 'GPL-2+',
    by: 'University of Waikato; example ARFF files, mostly from the UCI repository',
  },
  'r-cran-mlbench': { licence: 'GPL-2', by: 'Friedrich Leisch and Evgenia Dimitriadou; UCI and others' },
  'r-cran-modeldata': { licence: 'MIT', by: 'Max Kuhn and RStudio; the tables of tidymodels' },
  'r-cran-kernlab': { licence: 'GPL-2+', by: 'Alexandros Karatzoglou; UCI and the CoIL challenge 2000' },
  'r-cran-ggplot2': { licence: 'GPL-2+', by: 'Hadley Wickham; prices of diamonds' },
  'python3-sklearn': { licence: 'BSD-3-Clause', by: "scikit-learn's developers; UCI and others" },
};

/** The packages that only the contestant xgboost needs. */
export const PEER_PACKAGES = ['python3-xgboost', 'libxgboost0', 'libdmlc0'];

const classes = (name, from, item, target, half) => ({
  name,
  package: from,
  item,
  target,
  task: 'classification',
  half,
});
const numbers = (name, from, item, target, half) => ({
  name,
  package: from,
  item,
  target,
  task: 'regression',
  half,
});

/**
 * Every choice of a recipe is made on the half `choose`; the half `confirm` is looked at afterwards. Both
 * halves hold small and large tables, with words and without, of classes and of numbers. `item` names the
 * table in its package; `sample` keeps so many rows, drawn once, of a table that is much larger than others.
 */
export const TABLES = [
  classes('credit-g', 'weka', 'credit-g', 'class', 'choose'),
  classes('segment', 'weka', 'segment-challenge+segment-test', 'class', 'choose'),
  classes('letter', 'r-cran-mlbench', 'LetterRecognition', 'lettr', 'choose'),
  classes('sonar', 'r-cran-mlbench', 'Sonar', 'Class', 'choose'),
  classes('dna', 'r-cran-mlbench', 'DNA', 'Class', 'choose'),
  classes('spam', 'r-cran-kernlab', 'spam', 'type', 'choose'),
  classes('attrition', 'r-cran-modeldata', 'attrition', 'Attrition', 'choose'),
  classes('soybean', 'weka', 'soybean', 'class', 'choose'),
  classes('wine', 'python3-sklearn', 'wine', 'class', 'choose'),
  numbers('boston', 'r-cran-mlbench', 'BostonHousing', 'medv', 'choose'),
  numbers('ames', 'r-cran-modeldata', 'ames', 'Sale_Price', 'choose'),
  { ...numbers('diamonds', 'r-cran-ggplot2', 'diamonds', 'price', 'choose'), sample: 12_000 },
  numbers('ozone', 'r-cran-mlbench', 'Ozone', 'V4', 'choose'),
  numbers('cpu', 'weka', 'cpu.with.vendor', 'class', 'choose'),

  classes('pima', 'weka', 'diabetes', 'class', 'confirm'),
  classes('satellite', 'r-cran-mlbench', 'Satellite', 'classes', 'confirm'),
  classes('vehicle', 'r-cran-mlbench', 'Vehicle', 'Class', 'confirm'),
  classes('vowel', 'r-cran-mlbench', 'Vowel', 'Class', 'confirm'),
  classes('ionosphere', 'r-cran-mlbench', 'Ionosphere', 'Class', 'confirm'),
  classes('coil2000', 'r-cran-kernlab', 'ticdata', 'CARAVAN', 'confirm'),
  classes('churn', 'r-cran-modeldata', 'mlc_churn', 'churn', 'confirm'),
  classes('credit', 'r-cran-modeldata', 'credit_data', 'Status', 'confirm'),
  classes('breast-cancer', 'python3-sklearn', 'breast_cancer', 'class', 'confirm'),
  classes('digits', 'python3-sklearn', 'digits', 'class', 'confirm'),
  numbers('concrete', 'r-cran-modeldata', 'concrete', 'compressive_strength', 'confirm'),
  numbers('sacramento', 'r-cran-modeldata', 'Sacramento', 'price', 'confirm'),
  numbers('chicago', 'r-cran-modeldata', 'Chicago', 'ridership', 'confirm'),
  numbers('diabetes', 'python3-sklearn', 'diabetes', 'progression', 'confirm'),
];

export const HALVES = ['choose', 'confirm'];
