//! The losses of SYNC.

use tch::Tensor;

use crate::ModelError;

/// Mean of −log σ(logit).
fn positive(logits: &Tensor) -> Result<Tensor, ModelError> {
    Ok(logits.f_log_sigmoid()?.f_mean(None)?.f_neg()?)
}

/// Mean of −log(1 − σ(logit)).
fn negative(logits: &Tensor) -> Result<Tensor, ModelError> {
    positive(&logits.f_neg()?)
}

/// The loss of SYNC (equation 1) from logits `[N]`: four binary cross-entropies, each a mean over its pairs, with
/// equal weights. A pair from two instants counts only for "same instant", a pair with one side mirrored only for "not
/// mirrored".
pub fn tuple_loss(
    sync_pos: &Tensor,
    sync_neg: &Tensor,
    flip_pos: &Tensor,
    flip_neg: &Tensor,
) -> Result<Tensor, ModelError> {
    let sync = positive(sync_pos)?.f_add(&negative(sync_neg)?)?;
    let flip = positive(flip_pos)?.f_add(&negative(flip_neg)?)?;
    Ok(sync.f_add(&flip)?)
}

/// Binary cross-entropy over chosen pairs of a matrix of logits `[N, N]`: `a` and `b` are rows and columns, int64
/// `[P]`, `labels` are 0 or 1 and `weights` are those of the pairs, both `[P]`. If the weights of each class sum to 1,
/// this is the sum of the two classes' means, like one head's part of [`tuple_loss`].
pub fn weighted_pair_loss(
    logits: &Tensor,
    a: &Tensor,
    b: &Tensor,
    labels: &Tensor,
    weights: &Tensor,
) -> Result<Tensor, ModelError> {
    let columns = logits.size2()?.1;
    let chosen = logits.f_reshape([-1])?.f_index_select(0, &a.f_mul_scalar(columns)?.f_add(b)?)?;
    // −[y log σ(x) + (1 − y) log(1 − σ(x))] = (1 − y) x − log σ(x).
    let loss = labels.f_rsub_scalar(1)?.f_mul(&chosen)?.f_sub(&chosen.f_log_sigmoid()?)?;
    Ok(loss.f_mul(weights)?.f_sum(None)?)
}
