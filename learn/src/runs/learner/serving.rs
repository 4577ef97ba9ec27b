//! Which copy of the network others get.

use frame_sync::pairs::PairGap;
use recipe::{PretrainRecipe, Served};

use super::Learner;
use crate::LearnError;
use crate::error::during;
use crate::eval::pairs::{Scorer, Sight};
use crate::objectives::pretraining::Copies;

/// Gaps from this much less to this much more than the recipe's count, as in the paper's figure of accuracy by gap: 7
/// frames and 8 of 50 Hz.
const LESS_MS: f64 = 140.0;
const MORE_MS: f64 = 160.0;

impl Learner {
    /// Gives others the average as it is now, unless it is worse than what they have at telling the held-out instants
    /// apart that are held now. Where none are held out, the newest is as good as any.
    pub(super) fn serve_if_better(&mut self) -> Result<(), LearnError> {
        let Some(copies) = &self.trainer.objective().copies else { return Ok(()) };
        let Served::Average { gap_ms, .. } = self.recipe().served else { return Ok(()) };
        let [new, old] = [copies.average(), copies.served()].map(|net| {
            let gap = PairGap::Ms { min: gap_ms - LESS_MS.min(gap_ms / 2.0), max: gap_ms + MORE_MS.min(gap_ms / 2.0) };
            let recipe = PretrainRecipe { gap, ..self.recipe().clone() };
            let wanted = self.trainer.objective().task.wants();
            let scorer =
                Scorer { net, precision: self.trainer.precision(), recipe: &recipe, wanted, sight: Sight::Both };
            let plan = self.recipe().evaluation;
            let held_out = self.source().moments.held_out();
            Ok::<_, LearnError>(
                scorer.score(held_out, plan.instants, plan.pairs, self.evaluation_seed())?.accuracies().0,
            )
        });
        let (new, old) = (new?, old?);
        let falls = self.source().served_at_step.is_some() && new.zip(old).is_some_and(|(new, old)| new < old);
        if falls {
            self.served_accuracy = old;
            tracing::info!(?new, ?old, "the average of weights is worse than the copy that others have, which stays");
            return Ok(());
        }
        self.trainer
            .objective()
            .copies
            .as_ref()
            .map_or(Ok(()), Copies::serve)
            .map_err(during("copying the network"))?;
        let steps = self.steps();
        self.trainer.objective_mut().source.served_at_step = Some(steps);
        self.served_accuracy = new;
        Ok(())
    }
}
