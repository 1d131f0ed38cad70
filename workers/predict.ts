/** The worker that predicts blocks of rows. */
export { threadHandler as default } from '../src/model/scorer.js';
