//! Networks in OpenVINO, whose library is loaded at run time.

use std::path::Path;

use openvino::{CompiledModel, Core, DeviceType, ElementType, InferRequest, Model, RwPropertyKey, Shape, Tensor};

use crate::{FinderError, FinderFiles};

/// OpenVINO, ready to load networks.
pub struct Runtime {
    core: Core,
}

impl Runtime {
    /// OpenVINO's library stays once the process has loaded it. Networks compute in f32, with `threads` threads.
    ///
    /// # Errors
    /// Files that are missing or not the expected ones, and what OpenVINO says against them.
    pub fn load(files: &FinderFiles, threads: usize) -> Result<Self, FinderError> {
        openvino_sys::library::load_from(files.library()?).map_err(FinderError::Runtime)?;
        let mut core = Core::new().map_err(|error| FinderError::Runtime(error.to_string()))?;
        let threads = threads.max(1).to_string();
        let properties = [
            (RwPropertyKey::HintInferencePrecision, "f32"),
            (RwPropertyKey::InferenceNumThreads, threads.as_str()),
            (RwPropertyKey::NumStreams, "1"),
            // Threads tied to cores would stand in the way of capture's.
            (RwPropertyKey::HintEnableCpuPinning, "NO"),
        ];
        core.set_properties(&DeviceType::CPU, properties)?;
        Ok(Self { core })
    }

    /// A network whose file says the shape of its input.
    pub(crate) fn open(&mut self, file: &Path) -> Result<Network, FinderError> {
        let unfit = || FinderError::Engine(format!("{}: its path is not UTF-8", file.display()));
        let model = self.core.read_model_from_file(file.to_str().ok_or_else(unfit)?, "")?;
        let input = model.get_input_by_index(0)?.get_shape()?;
        self.compiled(&model, input.get_dimensions())
    }

    /// A network that is given as the text of its layers (IR) and their values, with an input of this shape to begin with.
    ///
    /// # Errors
    /// What OpenVINO says against it.
    pub fn network(&mut self, xml: &str, values: &[u8], shape: &[i64]) -> Result<Network, FinderError> {
        let mut weights = Tensor::new(ElementType::U8, &Shape::new(&[values.len() as i64])?)?;
        weights.get_raw_data_mut()?.copy_from_slice(values);
        let model = self.core.read_model_from_buffer(xml.as_bytes(), Some(&weights))?;
        self.compiled(&model, shape)
    }

    fn compiled(&mut self, model: &Model, shape: &[i64]) -> Result<Network, FinderError> {
        let mut compiled = self.core.compile_model(model, DeviceType::CPU)?;
        let mut request = compiled.create_infer_request()?;
        let input = tensor(shape)?;
        request.set_input_tensor(&input)?;
        let (outputs, shape) = (compiled.get_output_size()?, shape.to_vec());
        Ok(Network { request, input, shape, outputs, _compiled: compiled })
    }
}

fn tensor(shape: &[i64]) -> Result<Tensor, FinderError> {
    Ok(Tensor::new(ElementType::F32, &Shape::new(shape)?)?)
}

/// One network with one input, and room for one run.
pub struct Network {
    request: InferRequest,
    input: Tensor,
    shape: Vec<i64>,
    outputs: usize,
    _compiled: CompiledModel,
}

impl Network {
    /// The input in another shape from here on, where the network takes several.
    ///
    /// # Errors
    /// Where OpenVINO has no room for it.
    pub fn reshape(&mut self, shape: &[i64]) -> Result<(), FinderError> {
        if self.shape != shape {
            self.input = tensor(shape)?;
            self.request.set_input_tensor(&self.input)?;
            self.shape = shape.to_vec();
        }
        Ok(())
    }

    /// To be filled before [`Self::run`].
    ///
    /// # Errors
    /// What OpenVINO says against it, as of the others.
    pub fn input(&mut self) -> Result<&mut [f32], FinderError> {
        Ok(self.input.get_data_mut()?)
    }

    /// # Errors
    /// A network that fails.
    pub fn run(&mut self) -> Result<(), FinderError> {
        Ok(self.request.infer()?)
    }

    /// The output that holds `length` values: the networks used here have but one of each length.
    ///
    /// # Errors
    /// Where there is none.
    pub fn output(&self, length: usize) -> Result<Vec<f32>, FinderError> {
        for index in 0..self.outputs {
            let tensor = self.request.get_output_tensor_by_index(index)?;
            if tensor.get_size()? == length {
                return Ok(tensor.get_data::<f32>()?.to_vec());
            }
        }
        Err(FinderError::Engine(format!("the network has no output of {length} values")))
    }
}
